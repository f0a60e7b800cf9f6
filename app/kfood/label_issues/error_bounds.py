"""What error on a pair no model can avoid with these labels, estimated in three ways."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kfood.duplicates.matching import SCENE
from kfood.label_issues.neighbours import nearest_of_another_group
from kfood.label_issues.noise_rates import NoiseRates
from kfood.statistics.estimates import share_interval

_MOST = 5000  # photos among which neighbours are looked for
_COLUMNS = ("by", "error", "low", "high", "n", "if")


def error_bounds(
    noise_rates: NoiseRates, features: np.ndarray, pair: pd.DataFrame, copies: pd.DataFrame
) -> pd.DataFrame:
    """Return a row an estimate: `by`, `error` with `low` and `high` (95 %), `n`, and `if`: what it assumes.

    Args:
        noise_rates: of the pair.
        features: n x length, of the pair's photos.
        pair: the photos, with `label` and `group`.
        copies: as `find_pairs` returns them, of these photos.
    """
    rows = [_of_flips(noise_rates), _of_copies(pair, copies), _of_neighbours(features, pair)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def lower_bound(error: float) -> float:
    """Return the least error R* that a nearest neighbour with this error allows, both 0 to 0.5.

    T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Trans. Inf. Theory 13 (1967): asymptotically,
    for two classes, R* <= error <= 2 R* (1 - R*). The same holds for two copies labelled one by one.
    """
    return (1 - math.sqrt(max(0.0, 1 - 2 * min(error, 0.5)))) / 2


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
    return ("copies under two labels", *map(lower_bound, (differ.mean(), low, high)), len(found), said)


def _of_neighbours(features: np.ndarray, pair: pd.DataFrame) -> tuple[object, ...]:
    if len(pair) > _MOST:  # the work grows with their square
        some = np.sort(np.random.default_rng(0).permutation(len(pair))[:_MOST])
        features, pair = features[some], pair.iloc[some]
    labels, groups = pair["label"].to_numpy(), pair["group"].reset_index(drop=True)
    nearest = nearest_of_another_group(features, pd.factorize(groups)[0])
    wrong = pd.Series(labels[nearest] != labels)
    low, high = share_interval(wrong, groups)
    said = "these features tell all that can be told, of photos enough (Cover and Hart 1967); else it is less"
    return ("nearest neighbours", *map(lower_bound, (wrong.mean(), low, high)), len(pair), said)
