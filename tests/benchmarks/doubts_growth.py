"""How time and memory of looking for doubtful labels grow with the number of photos.

usage: python tests/benchmarks/doubts_growth.py [--photos 1000 10000 100000]

Features are simulated: each dish has a centre, each plate one near it, each of its two shots one near that; one label
in twenty is wrong. A tenth of the photos is of the pair. Running the network is measured by `speed.py`, and looking for
copies among the pair's photos by `conflicts.py`. Each number of photos runs in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from kfood.doubts.flips import flip_rates
from kfood.doubts.floor import nearest_of_another_group
from kfood.doubts.labels import doubtful_labels, most_alike
from kfood.doubts.out_of_fold import pair_scores, probabilities

LENGTH, CLASSES = 1280, 20
WRONG = 0.05


def simulate(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return features, labels, the true classes and plates of n photos."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLASSES, LENGTH), np.float32)
    plates = np.arange(n) // 2
    true = (plates % CLASSES).astype(int)
    features = np.empty((n, LENGTH), np.float32)
    for start in range(0, n, 4096):
        some = slice(start, start + 4096)
        of_plates = np.random.default_rng(start).standard_normal((len(plates[some]) // 2 + 1, LENGTH), np.float32)
        own = rng.standard_normal(features[some].shape, np.float32)
        features[some] = 0.2 * centres[true[some]] + of_plates[plates[some] - plates[start]] + 0.5 * own
    wrong = rng.random(n) < WRONG
    return features, np.where(wrong, true ^ 1, true), true, plates


@contextmanager
def timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Add the seconds of computing, both cores together."""
    start = time.process_time()
    yield
    seconds[name] = time.process_time() - start


def measure(n: int) -> None:
    """Print what it takes to judge n photos."""
    features, labels, true, plates = simulate(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    with timed("out of fold", seconds):
        said = probabilities(features, labels, plates)
    with timed("doubts", seconds):
        names = [f"{number:02}" for number in range(CLASSES)]
        samples = pd.DataFrame({"path": [f"{number:06}.jpg" for number in range(n)], "split": "train", "digest": ""})
        table = doubtful_labels(samples.assign(label=np.array(names)[labels]), said, names)
    with timed("most alike", seconds):
        most_alike(features, labels, plates, said.argmax(axis=1))
    pair = labels < 2
    with timed("pair", seconds):
        second = labels[pair] == 1
        flip_rates(pair_scores(features[pair], second, plates[pair]), second)
    with timed("neighbours", seconds):
        nearest_of_another_group(features[pair][:5000], plates[pair][:5000])
    clock = time.perf_counter() - start
    accused = set(table.loc[table["accused"], "path"])
    wrong = set(samples["path"][labels != true])
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    print(
        f"{n:9,}" + "".join(f"{each:12.1f}" for each in seconds.values()) + f"{clock:12.1f}{peak:9.2f} GB"
        f"   {len(accused & wrong)} of {len(wrong)} found, {len(accused - wrong)} accused falsely",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[1000, 10_000, 100_000])
    asked = parser.parse_args()
    names = ("out of fold", "doubts", "most alike", "pair", "neighbours", "on the clock")
    print(f"{'photos':>9}" + "".join(f"{name:>12}" for name in names) + "   memory beyond the features")
    for n in asked.photos:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(n,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
