"""Tests of whether two classifiers differ, and the correction for several of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr
from scipy.stats import binomtest, fisher_exact

from kfood.statistics.crossed import variance_of_influences


def holm(p: Sequence[float], chosen: bool = False) -> np.ndarray:
    """Return p-values adjusted so that the chance of any false alarm among them is at most the level.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979):
    the smallest of m is multiplied by m, the next by m - 1, and so on; none may be below the one before it.

    Args:
        p: p-values, in any order; each 0 to 1.
        chosen: whether they compare rows with one that was chosen for its results, of the same trainings. It may owe
            the choice to luck in training that shows on test as well: with m + 1 rows it then counts as if all pairs
            among the rows were compared, m (m + 1) / 2, and m (m - 1) / 2 for the next.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    left = np.arange(len(values), 0, -1)
    counted = left * (left + 1) / 2 if chosen else left
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * counted), 1.0)
    return adjusted


def strictest_factor(count: int, chosen: bool = False) -> float:
    """Return what `holm` multiplies the smallest of `count` p-values by, 1 or more."""
    return max(count * (count + 1) / 2 if chosen else count, 1.0)


def mcnemar(first: pd.Series | np.ndarray, second: pd.Series | np.ndarray) -> tuple[int, int, float]:
    """Return how many photos only the first and only the second had right, and the exact p (McNemar 1947).

    Args:
        first, second: whether each photo was right, in the same order.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    return only_first, only_second, binomtest(only_first, discordant).pvalue if discordant else 1.0


def difference_of_shares(hits: np.ndarray, is_first: np.ndarray, groups: np.ndarray) -> float:
    """Return the two-sided p of the difference of two shares, of photos of one kind and of all others.

    R. A. Fisher's exact test where each photo is by itself. Where photos share groups, of which some may have photos
    of both kinds, of t over groups, of the linearised difference (W. G. Cochran, "Sampling Techniques" (1977),
    chapter 6). 1 where a kind has no photo.

    Args:
        hits, is_first: (photos,), bool.
        groups: (photos,); photos with the same value, such as shots of one plate, are not independent.
    """
    kinds = (is_first, ~is_first)
    if not all(kind.any() for kind in kinds):
        return 1.0
    if len(np.unique(groups)) == len(hits):
        return float(fisher_exact([[int(hits[kind].sum()), int((~hits[kind]).sum())] for kind in kinds]).pvalue)
    first, second = (hits[kind].mean() for kind in kinds)
    influences = np.where(is_first, (hits - first) / kinds[0].sum(), (second - hits) / kinds[1].sum())
    variance, freedom = variance_of_influences(influences, groups)
    if not variance > 0:  # NaN of one group too
        return 1.0
    return float(2 * stdtr(freedom, -abs(first - second) / variance**0.5))
