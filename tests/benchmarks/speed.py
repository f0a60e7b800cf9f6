"""kfood's speed beside plain fastai's, a plain torch loop's and that of ready tensors, in turns, as ratios.

usage: python tests/benchmarks/speed.py [--repetitions 3] [--pixels 640x640 --pixels 4000x3000] [--case lite0]

A ratio above 1 means that kfood is faster. Photos a second depend on the machine and are shown for orientation.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import contenders as by
import torch

CASES = {  # network, size, batch, photos in the folder
    "resnet18": ("resnet18", 128, 64, 480),
    "lite0": ("tf_efficientnet_lite0", 192, 32, 240),
    "densenet121": ("densenet121", 224, 32, 120),
}


def compare(works: by.Contest, repetitions: int) -> dict[str, list[float]]:
    """Photos a second of each, in turns; the first turn is to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repetitions + 1):
        for name, work in works.items():
            started = time.perf_counter()
            photos = work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:
                rates[name].append(photos / (time.perf_counter() - started))
    return rates


def show(title: str, rates: dict[str, list[float]]) -> None:
    print(title)
    ours = rates["kfood"]
    for name, theirs in rates.items():
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        spread = f"kfood is {statistics.median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"  {name:34} {statistics.median(theirs):7.1f} photos/s   {'' if theirs is ours else spread}")


def contests(folder: Path, arch: str, size: int, batch: int, compiled: bool) -> Iterator[tuple[str, by.Contest]]:
    """Yield what is compared, and the contenders by name; with `compiled`, kfood with torch.compile is one of them."""
    case = (folder, arch, size, batch)
    plain, ours = by.fastai_learner(*case), by.kfood_learner(*case)
    uncached = by.kfood_learner(*case, "data.cache=false")
    yield (
        f"loading alone, {size} px, batch {batch}",
        {
            "plain fastai": by.loads(plain.dls.train, by.as_torch_comes),
            "plain torch": by.loads(by.torch_loader(folder, size, batch), by.as_torch_comes),
            "kfood without its cache": by.loads(uncached.dls.train, by.as_kfood_wants),
            "kfood": by.loads(ours.dls.train, by.as_kfood_wants),
        },
    )
    works = {
        "plain fastai": by.fits(plain, by.as_torch_comes),
        "plain torch loop": by.plain_loop(*case),
        "ready tensors": by.ready_tensors(*case),
        "kfood without its cache": by.fits(uncached, by.as_kfood_wants),
        "kfood": by.fits(ours, by.as_kfood_wants),
    }
    if compiled:
        works["kfood, compiled"] = by.fits(by.kfood_learner(*case, "training.compile=true"), by.as_kfood_wants)
    yield f"training {arch}, {size} px, batch {batch}", works
    yield (
        f"predicting with {arch}, {size} px, from files",
        {
            "fastai's get_preds": by.fastai_predicts(folder, arch, size),
            "kfood": by.kfood_predicts(folder, arch, size, "data.cache=false"),
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--pixels", action="append", help="width x height of the photos; 640x640 and 4000x3000")
    parser.add_argument("--copies", type=int, default=1, help="of each photo: a GPU is done with so few in no time")
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too, which takes minutes")
    asked = parser.parse_args()
    for pixels in asked.pixels or ("640x640", "4000x3000"):
        width, height = (int(side) for side in pixels.split("x"))
        for arch, size, batch, count in (CASES[name] for name in asked.case or CASES):
            with tempfile.TemporaryDirectory() as place:
                os.environ["KFOOD_CACHE"] = f"{place}/cache"
                # Large photos take so long that fewer must do: three batches to train on.
                count = min(count, 4 * batch) if width > 2000 else count
                by.draw_photos(Path(place) / "photos", count, width, height, asked.copies)
                for title, works in contests(Path(place) / "photos", arch, size, batch, asked.compile):
                    show(f"{title}, photos of {pixels}:", compare(works, asked.repetitions))


if __name__ == "__main__":
    main()
