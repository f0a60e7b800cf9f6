"""What choosing by validation adds to validation accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kfood.errors import KfoodError
from kfood.statistics.crossed import Crossed, Part, crossed, half_width


@dataclass(frozen=True)
class Gap:
    """A difference of accuracies, -1 to 1, averaged over a table's rows and seeds, with its interval; or NaN."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ChoiceBias:
    """See `choice_bias`."""

    valid_less_test: Gap
    best_less_last: Gap


def choice_bias(
    valid: np.ndarray,
    test: np.ndarray,
    valid_groups: np.ndarray,
    test_groups: np.ndarray,
    last: np.ndarray,
    level: float = 0.95,
) -> ChoiceBias:
    """Return how far validation accuracy lies above test accuracy, and the best epoch's above the last one's.

    `valid_less_test`: the same weights, those of the epoch that was best on validation. It holds three things that
    cannot be told from each other: what choosing the epoch by these validation photos flatters them, that the one set
    of photos happened to be harder than the other, and, where test photos come from another folder, that they may be
    of another kind. The interval is over seeds and over the photos of both sets; chance in photos is nearly always
    most of it. Rows are averaged first: they share photos and seeds and are not independent.

    `best_less_last`: both on the same validation photos, never below 0. It is luck in choosing among epochs together
    with what was really lost by training on, and so no bound of the flattery: where the last epoch is the best, it
    is 0 whatever was chosen before. The interval is over seeds alone, on these photos; NaN for one seed.

    Neither holds the choice of the winner among rows, which flatters the winner's validation accuracy once more.

    Args:
        valid, test: (rows, seeds, photos of the set), whether each training had each photo right.
        valid_groups, test_groups: (photos of the set,), as for `estimate`.
        last: (rows, seeds), validation accuracies of the last epochs, 0 to 1.
        level: of the intervals, 0 to 1.

    Raises:
        KfoodError: the shapes do not fit.
    """
    valid, test, last = np.asarray(valid, dtype=float), np.asarray(test, dtype=float), np.asarray(last, dtype=float)
    if valid.shape[:2] != test.shape[:2] or last.shape != valid.shape[:2]:
        raise KfoodError(
            f"the bias of choosing needs the same rows and seeds throughout; these are {valid.shape[:2]} on "
            f"validation, {test.shape[:2]} on test and {last.shape} last epochs."
        )
    return ChoiceBias(
        _valid_less_test(valid.mean(axis=0), test.mean(axis=0), valid_groups, test_groups, level),
        _best_less_last((valid.mean(axis=2) - last).mean(axis=0), level),
    )


def _valid_less_test(
    valid: np.ndarray, test: np.ndarray, valid_groups: np.ndarray, test_groups: np.ndarray, level: float
) -> Gap:
    sets = [crossed(valid, valid_groups), crossed(test, test_groups)]
    mean = sets[0].mean - sets[1].mean
    if min(one.groups for one in sets) == 1:
        return Gap(mean, -1.0, 1.0)  # one plate says nothing of others
    parts = [_of_photos(one) for one in sets]
    seeds = len(valid)
    if seeds > 1:
        parts.append((float((valid.mean(axis=1) - test.mean(axis=1)).var(ddof=1)) / seeds, seeds - 1))
    return _around(mean, half_width(parts, 1 - level), -1.0)


def _of_photos(one: Crossed) -> Part:
    return max(one.of_photos - one.of_both, 0.0), one.groups - 1


def _best_less_last(by_seed: np.ndarray, level: float) -> Gap:
    mean, seeds = float(by_seed.mean()), len(by_seed)
    if seeds == 1:
        return Gap(mean, math.nan, math.nan)
    return _around(mean, half_width([(float(by_seed.var(ddof=1)) / seeds, seeds - 1)], 1 - level), 0.0)


def _around(mean: float, half: float, lowest: float) -> Gap:
    return Gap(mean, max(mean - half, lowest), min(mean + half, 1.0))
