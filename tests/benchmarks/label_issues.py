"""Whether wrong labels are found and counted rightly, where it is known which are wrong.

usage: python tests/benchmarks/label_issues.py [--draws 20] [--photos FOLDER --pair 김치찌개,된장찌개]

First draws of the demo's look-alikes, 갈비찜 and 돼지갈비찜, each with other photos and another share of labels
exchanged, 0 to 25 %. With --photos, flips of 0, 5, 10 and 20 % are planted among the labels of real photos, which may
have wrong labels of their own. For each: whether the interval of the rate of flipped labels holds the true one, and how
many of the label issues are wrong (precision) and of the wrong ones are found (recall).
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from kfood.data.demo import MISTAKEN
from kfood.data.demo.dishes import HEALTH
from kfood.data.demo.drawing import draw_dish
from kfood.data.prepare import prepare_samples
from kfood.evaluation.embeddings import embed
from kfood.label_issues.noise_rates import noise_rates
from kfood.label_issues.out_of_fold import pair_scores, probabilities
from kfood.label_issues.ranking import rank_labels
from kfood.recipes.schema import Data

PHOTOS = 120  # of each dish in a draw
PLANTED = (0.0, 0.05, 0.1, 0.2)
FOUND = ("true", "rate", "low", "high", "inside", "is_label_issue", "precision", "recall", "apart")


def drawn(folder: Path, pair: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Draw photos of two dishes and return their paths and what they show."""
    rows = []
    for name in pair:
        for number in range(PHOTOS):
            path = folder / f"{name}-{number:04}.jpg"
            draw_dish(HEALTH[name], np.random.default_rng(rng.integers(2**32))).save(path, quality=88)
            rows.append({"path": str(path), "shown": name, "group": str(path)})
    return pd.DataFrame(rows)


def judge(name: str, photos: pd.DataFrame, features: np.ndarray, flipped: np.ndarray) -> tuple[float, ...]:
    """Count the flipped labels of a pair's photos, print `FOUND` and return it."""
    first, second = sorted(photos["shown"].unique())
    label = (photos["shown"] == second).to_numpy() ^ flipped
    groups = pd.factorize(photos["group"])[0]
    flips = noise_rates(pair_scores(features, label, groups), label)
    samples = photos.assign(label=np.where(label, second, first), split="train", digest="")
    table = rank_labels(samples, probabilities(features, label.astype(int), groups), [first, second])
    is_label_issue = table.set_index("path").loc[photos["path"], "is_label_issue"].to_numpy()
    right = (is_label_issue & flipped).sum()
    true, rate, low, high = flipped.mean(), flips.both.rate, flips.both.low, flips.both.high
    recall = right / flipped.sum() if flipped.any() else np.nan
    line = (
        true,
        rate,
        low,
        high,
        float(low <= true <= high),
        float(is_label_issue.sum()),
        right / max(1, is_label_issue.sum()),
    )
    line = (*line, recall, flips.apart)
    print(f"{name:28}" + "".join(f"{value:10.3f}" for value in line), flush=True)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--photos")
    parser.add_argument("--pair", action="append", default=[])
    asked = parser.parse_args()
    logging.getLogger("kfood").setLevel(logging.ERROR)
    print(" " * 28 + "".join(f"{name:>10}" for name in FOUND))
    lines = []
    for draw in range(asked.draws):
        rng = np.random.default_rng(draw)
        with tempfile.TemporaryDirectory() as folder:
            photos = drawn(Path(folder), sorted(MISTAKEN), rng)
            flipped = rng.random(len(photos)) < rng.uniform(0, 0.25)
            lines.append(judge(f"demo, draw {draw}", photos, embed(photos), flipped))
    if lines:
        table = pd.DataFrame(lines, columns=FOUND)
        print(f"inside in {table['inside'].sum():.0f} of {len(table)} draws")
        print(table[["precision", "recall"]].mean().round(3).to_string())
    for pair in asked.pair if asked.photos else []:
        samples = prepare_samples(Data(root=asked.photos, classes=tuple(pair.split(",")))).samples
        samples = samples.reset_index(drop=True).rename(columns={"label": "shown"})
        samples["group"] = samples["group"].where(samples["group"] != "", samples["path"])
        features = embed(samples)
        for share in PLANTED:
            for seed in range(5 if share else 1):
                flipped = np.random.default_rng(seed).random(len(samples)) < share
                judge(f"{pair}, {share:.0%}, {seed}", samples, features, flipped)


if __name__ == "__main__":
    main()
