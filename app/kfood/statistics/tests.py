"""Tests of whether two classifiers differ, and the correction for several of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest


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
