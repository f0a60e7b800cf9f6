"""The error on a pair that comes of these labels, estimated in three ways: each assumes something, none is a bound.

How little error a model can make is not to be had from photos and labels alone: one that learns other features may do
better than every estimate here.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kfood.duplicates.matching import SCENE
from kfood.label_issues.neighbours import nearest_of_another_group
from kfood.label_issues.noise_rates import NoiseRates
from kfood.statistics.estimates import share_interval

TITLE = "Error on the pair that comes of these labels: estimates, no bounds"
_MOST = 5000  # photos among which neighbours are looked for
_NEIGHBOURS = "1-NN on frozen features"
_COLUMNS = ("by", "error", "low", "high", "n", "if")


def error_estimates(
    noise_rates: NoiseRates, features: np.ndarray, pair: pd.DataFrame, copies: pd.DataFrame
) -> pd.DataFrame:
    """Return a row an estimate: `by`, `error` with `low` and `high` (95 %), `n`, and `if`: what it is, or assumes.

    "flipped labels" and "copies under two labels" are shares of wrong labels, which are counted even against a model
    without a fault, if their assumption holds. "1-NN on frozen features" is the measured error of a nearest neighbour
    of another plate.

    Args:
        noise_rates: of the pair.
        features: n x length, of the pair's photos.
        pair: the photos, with `label` and `group`.
        copies: as `find_pairs` returns them, of these photos.
    """
    rows = [_of_flips(noise_rates), _of_copies(pair, copies), _of_neighbours(features, pair)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def wrong_of_two(differ: float) -> float:
    """Return the share r of wrong labels, 0 to 0.5, of which two given independently differ in 2 r (1 - r).

    With a nearest neighbour's error for `differ` it is the least error R* of any rule on these features in the limit of
    endless photos, where R* <= error <= 2 R* (1 - R*): T. Cover and P. Hart, "Nearest neighbor pattern classification",
    IEEE Trans. Inf. Theory 13 (1967). Of so many photos as there are it is no bound.
    """
    return (1 - math.sqrt(max(0.0, 1 - 2 * min(differ, 0.5)))) / 2


def _of_flips(noise_rates: NoiseRates) -> tuple[object, ...]:
    both = noise_rates.both
    said = "labels are flipped by chance, and each photo shows which dish it is"
    return ("flipped labels", both.rate, both.low, both.high, both.n, said)


def _of_copies(pair: pd.DataFrame, copies: pd.DataFrame) -> tuple[object, ...]:
    said = "the labels of copies of a photo were given one without knowing the other"
    found = copies[copies["kind"] != SCENE]
    if found.empty:
        return ("copies under two labels", math.nan, math.nan, math.nan, 0, said)
    labels = pair["label"].to_numpy()
    differ = pd.Series(labels[found["a"]] != labels[found["b"]])
    low, high = share_interval(differ, pd.Series(found["a"].to_numpy()))
    return ("copies under two labels", *map(wrong_of_two, (differ.mean(), low, high)), len(found), said)


def _of_neighbours(features: np.ndarray, pair: pd.DataFrame) -> tuple[object, ...]:
    if len(pair) > _MOST:  # the work grows with their square
        some = np.sort(np.random.default_rng(0).permutation(len(pair))[:_MOST])
        features, pair = features[some], pair.iloc[some]
    labels, groups = pair["label"].to_numpy(), pair["group"].reset_index(drop=True)
    nearest = nearest_of_another_group(features, pd.factorize(groups)[0])
    wrong = pd.Series(labels[nearest] != labels)
    low, high = share_interval(wrong, groups)
    error = float(wrong.mean())
    said = (
        "measured of this one rule: no bound. With endless photos (Cover and Hart 1967) the least error of any rule on "
        f"these features would be {wrong_of_two(error):.3f} to {min(error, 0.5):.3f}; other features may allow less"
    )
    return (_NEIGHBOURS, error, low, high, len(pair), said)
