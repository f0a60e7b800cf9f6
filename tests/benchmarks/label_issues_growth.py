"""How time and memory of looking for doubtful labels grow with the number of photos.

usage: python tests/benchmarks/label_issues_growth.py [--photos 1000 10000 100000]

Features are simulated: each dish has a centre, each plate one near it, each of its two shots one near that; one label
in twenty is wrong. A tenth of the photos is of the pair. Running the network is measured by `speed.py`, and looking for
copies among the pair's photos by `conflicts.py`. Each number of photos runs in a process of its own.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from growth import peak, print_growth, timed

from kfood.label_issues.neighbours import nearest_of_another_group
from kfood.label_issues.noise_rates import noise_rates
from kfood.label_issues.out_of_fold import pair_scores, probabilities
from kfood.label_issues.ranking import most_alike, rank_labels

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


def measure(n: int) -> dict[str, float]:
    """Judge n photos; return seconds of computing by step and what was found."""
    features, labels, true, plates = simulate(n)
    before, began = peak(), time.perf_counter()
    row: dict[str, float] = {"photos": n}
    with timed(row, "out of fold (s)"):
        said = probabilities(features, labels, plates)
    with timed(row, "label issues (s)"):
        names = [f"{number:02}" for number in range(CLASSES)]
        samples = pd.DataFrame({"path": [f"{number:06}.jpg" for number in range(n)], "split": "train", "digest": ""})
        table = rank_labels(samples.assign(label=np.array(names)[labels]), said, names)
    with timed(row, "most alike (s)"):
        most_alike(features, labels, plates, said.argmax(axis=1))
    pair = labels < 2
    with timed(row, "pair (s)"):
        second = labels[pair] == 1
        noise_rates(pair_scores(features[pair], second, plates[pair]), second)
    with timed(row, "neighbours (s)"):
        nearest_of_another_group(features[pair][:5000], plates[pair][:5000])
    row["on the clock (s)"] = time.perf_counter() - began
    issues = set(table.loc[table["is_label_issue"], "path"])
    wrong = set(samples["path"][labels != true])
    row |= {"wrong": len(wrong), "found": len(issues & wrong), "found falsely": len(issues - wrong)}
    row["more memory (MB)"] = peak() - before
    return row


if __name__ == "__main__":
    print_growth(measure, __doc__)
