"""What it takes to look at a finished run of 4,000 test photos in 42 classes: seconds and memory of each command.

usage: python tests/benchmarks/interpretation.py [--photos 4000] [--pixels 640x640]

The run is written by hand, with a ResNet-18 that was not trained: what it says means nothing, but takes as long. Every
line is a process of its own, its start included. Memory is the most that it held.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLASSES = 42
COMMANDS = (
    ["interpret", "--top-losses"],
    ["interpret", "--confusion"],
    ["interpret", "--per-class"],
    ["interpret", "--wrong"],
    ["interpret", "--calibration"],
    ["interpret", "--cam"],
    ["interpret", "--colour"],
    ["report"],
)


def make_run(folder: Path, photos: int, width: int, height: int) -> None:
    """Write a finished run of test photos alone."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import contenders as by

    from kfood.model.build import build_model
    from kfood.model.saved import save_model
    from kfood.training.results import describe_model
    from support.fake_run import fake_run

    place = folder.parents[2]
    settings = ("model.arch=resnet18", "data.size=128")
    counts = {f"음식{number:02}": photos // CLASSES + (number < photos % CLASSES) for number in range(CLASSES)}
    run = fake_run(folder, place / "photos", counts, settings=settings, draw=False, only_test=True)
    by.draw_photos(place / "drawn", min(photos, 200), width, height)
    files = sorted((place / "drawn").rglob("*.jpg"))
    for number, path in enumerate(map(Path, run.samples["path"])):  # the same few photos under many names
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[number % len(files)], path)
    model = build_model(run.recipe.model, CLASSES, run.recipe.data.size)
    save_model(model, describe_model(run.recipe, list(counts)), run.weights_file, run.model_file)


def measure(command: list[str]) -> tuple[float, float]:
    """Return seconds and megabytes of a process; this one must stay small, whose memory counts as the child's."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - started, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=4000)
    parser.add_argument("--pixels", default="640x640", help="width x height")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make_run(asked.make, asked.photos, *map(int, asked.pixels.split("x")))
        return
    with tempfile.TemporaryDirectory() as place:
        os.environ["KFOOD_CACHE"] = f"{place}/cache"
        run = Path(place) / "runs" / "mission2" / "20261123-120000-abcd"
        subprocess.run([sys.executable, *sys.argv, "--make", str(run)], check=True)
        print(f"{asked.photos} photos of {asked.pixels}, {CLASSES} classes:")
        for command in COMMANDS:
            seconds, megabytes = measure([str(Path(sys.executable).with_name("kfood")), *command, str(run)])
            print(f"  kfood {' '.join(command):30} {seconds:6.1f} s {megabytes:6.0f} MB", flush=True)
        page = run / "report.html"
        print(f"  the page: {page.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
