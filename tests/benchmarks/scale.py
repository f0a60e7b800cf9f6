"""What listing, splitting and drawing cost as the number of photos grows, in seconds and memory.

usage: python tests/benchmarks/scale.py [--largest 1000000] [--plot FILE.png]

The photos are empty files with AI Hub's names, eight shots of a plate; none is opened. Every line is a process of
its own, so that its peak memory is that line's. "folder" reads the tree and splits by plate; "csv" reads a CSV of the
same files and splits with every photo a group of its own, which is the most work. Seconds are of the processor, for
the process and the system on its behalf, so that what else the machine does counts little. Columns:

  list       read_layout: photos found, labelled and sorted
  split      add_groups, split_samples and the check that every class has photos in every split
  weights    class_balancing_weights, once a training (best of 3)
  weighted   SeededWeightedDL.get_idxs, the start of an epoch with sampling.method = "over" (best of 3)
  shuffled   the same of fastai's loader, the start of any other epoch (best of 3)
  index      of decoded photos: opened, asked for all photos' places, and a batch taken out (of empty pixels)
  all        the columns before, together
  peak       the process's largest memory before the index, and how much of it is over that of its imports alone
             (PyTorch's, mostly); then its largest memory with the index and this benchmark's list of all keys
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CLASSES, FEW, MANY, FEWEST_PHOTOS, SHOTS = 100, 20, 1000, 50, 8
SEGMENT = 4096  # photos, as in the cache
LINKS = 1000  # names of one empty file, of which file systems allow so many only
EPOCH = ("weights", "weighted", "shuffled", "index")
STEPS = ("list", "split", *EPOCH)
PIXELS = 32  # wide and high, of the photos in the cache
Line = dict[str, Any]


def make_photos(root: Path, photos: int, classes: int) -> None:
    """Make the tree `root` and the CSV beside it."""
    with open(f"{root}.csv", "w", encoding="utf-8") as table:
        table.write("path,label\n")
        for label in range(classes):
            folder = f"{root}/음식{label:04}"  # Hangul takes twice the memory of ASCII
            os.makedirs(folder)
            for number in range(photos // classes):
                plate, shot = divmod(number, SHOTS)
                path = f"{folder}/02_021_{label:08}_{160525637187327 + plate}_{shot}.jpg"
                if number % LINKS == 0:
                    file = path
                    open(path, "x").close()
                else:
                    os.link(file, path)
                table.write(f"{path},음식{label:04}\n")


def measure(source: Path) -> Line:
    """Take every step once and return seconds by step, and memory in MB."""
    from fastai.data.core import TfmdDL

    from kfood.data.layouts import read_layout
    from kfood.data.sampling import SeededWeightedDL, class_balancing_weights
    from kfood.data.split import add_groups, require_every_class, split_samples
    from kfood.recipes.schema import AI_HUB_PLATE

    line: Line = {"imports": peak_memory()}

    def timed(name: str, step: Callable[[], Any], times: int = 1) -> Any:
        seconds = []
        for _ in range(times):
            started = time.process_time()
            result = step()
            seconds.append(time.process_time() - started)
        line[name] = min(seconds)
        return result

    def split() -> Any:
        pattern = AI_HUB_PLATE if source.is_dir() else ""
        result = split_samples(add_groups(samples, pattern), valid=0.2, test=0.2, seed=0)
        require_every_class(result)
        return result

    samples = timed("list", lambda: read_layout(source).samples)
    samples = timed("split", split)
    labels = samples.loc[samples["split"] == "train", "label"]
    weights = timed("weights", lambda: class_balancing_weights(labels), 3)
    common = {"dataset": range(len(labels)), "bs": 64, "shuffle": True, "num_workers": 0}
    timed("weighted", SeededWeightedDL(wgts=weights, **common).get_idxs, 3)
    timed("shuffled", TfmdDL(**common).get_idxs, 3)
    line["peak"] = peak_memory()
    with tempfile.TemporaryDirectory() as cache:
        keys = make_cache(Path(cache), len(samples))
        timed("index", lambda: open_cache(Path(cache), keys))
    return line | {"all": sum(line[step] for step in STEPS), "with index": peak_memory()}


def make_cache(folder: Path, photos: int) -> Any:
    """Make a cache of empty photos, in segments as kfood writes them, and return the photos' keys."""
    import numpy as np
    import pandas as pd

    from kfood.data.pixels import KEY

    keys = [f"{number * 2654435761 % 2**64:032x}" for number in range(photos)]
    for start in range(0, photos, SEGMENT):
        part = keys[start : start + SEGMENT]
        segment = folder / f"segment-{start}"
        segment.mkdir()
        sides = np.full(len(part), PIXELS)
        np.savez(segment / "index.npz", key=np.array(part, KEY), height=sides, width=sides)
        with (segment / "pixels.bin").open("wb") as file:
            file.truncate(3 * PIXELS**2 * len(part))  # takes no room on the disk
    return pd.Series(keys)


def open_cache(folder: Path, keys: Any) -> None:
    from kfood.data.pixels import PixelCache

    pixels = PixelCache(folder)
    assert pixels.are_squares(keys)
    pixels.gather(pixels.places(keys)[:64])


def peak_memory() -> float:
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def lines(largest: int) -> Iterator[Line]:
    """Measure every size, and the largest with few and with many classes as well."""
    sizes = [10**power for power in range(3, 10) if 10**power <= largest]
    for photos, most in [*((size, CLASSES) for size in sizes), (sizes[-1], FEW), (sizes[-1], MANY)]:
        classes = min(most, photos // FEWEST_PHOTOS)
        with tempfile.TemporaryDirectory() as place:
            make_photos(Path(place, "photos"), photos, classes)
            for kind, name in (("folder", "photos"), ("csv", "photos.csv")):
                # This process imports little: a child's peak memory begins with its parent's.
                command = [sys.executable, "-W", "ignore", __file__, "--measure", f"{place}/{name}"]
                result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                yield {"photos": photos, "classes": classes, "from": kind, **json.loads(result)}


def show(line: Line) -> None:
    steps = "".join(f"{line[step]:9.3f}" for step in (*STEPS, "all"))
    memory = f"{line['peak']:7.0f} MB (+{line['peak'] - line['imports']:.0f}) {line['with index']:7.0f} MB"
    print(f"{line['photos']:9,}{line['classes']:9,}  {line['from']:6}{steps}{memory}", flush=True)


def plot(done: list[Line], file: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5), layout="constrained")
    by_photos, memory, by_classes = figure.subplots(1, 3)
    largest = done[-1]["photos"]
    for kind, style in (("folder", "-o"), ("csv", "--s")):
        lines = [line for line in done if line["from"] == kind]
        sizes = lines[:-2]  # the last two differ from the one before in their classes
        classes = sorted(lines[-3:], key=lambda line: line["classes"])
        for axes, across, some in ((by_photos, "photos", sizes), (by_classes, "classes", classes)):
            for number, step in enumerate(STEPS):
                if kind == "folder" or step not in EPOCH:  # an epoch's start is the same from both
                    label = step if step in EPOCH else f"{step}, {kind}"
                    x, y = [line[across] for line in some], [line[step] for line in some]
                    axes.loglog(x, y, style, color=f"C{number}", label=label)
        photos = [line["photos"] for line in sizes]
        memory.loglog(photos, [line["peak"] for line in sizes], style, color="C5", label=f"in all, {kind}")
        over = [line["peak"] - line["imports"] for line in sizes]
        memory.loglog(photos, over, style, color="C6", label=f"over imports, {kind}")
    by_photos.set(title=f"Time, up to {CLASSES} classes", xlabel="photos", ylabel="processor seconds")
    memory.set(title="Peak memory", xlabel="photos", ylabel="MB")
    by_classes.set(title=f"Time, {largest:,} photos", xlabel="classes", ylabel="processor seconds")
    by_classes.set(ylim=by_photos.get_ylim(), xticks=(x := [line["classes"] for line in classes]), xticklabels=x)
    for axes in (by_photos, memory, by_classes):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9, handlelength=3)
    figure.savefig(file, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="photos, from 1,000 on in powers of ten")
    parser.add_argument("--plot", metavar="FILE.png")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    if arguments.largest < 1000:
        parser.error("--largest has to be 1000 or more")
    print(
        "   photos  classes  from  "
        + "".join(f"{step:>9}" for step in (*STEPS, "all"))
        + "  peak (over imports)  with index"
    )
    done = []
    for line in lines(arguments.largest):
        show(line)
        done.append(line)
    if arguments.plot:
        plot(done, arguments.plot)


if __name__ == "__main__":
    main()
