"""Which rows of a table can be told apart from the chosen one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kfood.statistics.crossed import spread_of_differences
from kfood.statistics.differences import Difference, paired_difference
from kfood.statistics.tests import holm, strictest_factor

CHOSEN = "chosen"
BETTER = "better"
WORSE = "worse"
SAME = "cannot be told apart"


@dataclass(frozen=True)
class Verdict:
    """A row against the chosen one.

    Args:
        difference: the row's accuracy less the chosen row's; interval and p are of this pair alone.
        p: adjusted for all that was compared, 0 to 1.
        detectable: a difference that would have been told apart in four of five such tables, 0 to 1:
            `Difference.detectable` at 80 % power, and at the level that the correction leaves to the smallest p. NaN
            for the chosen row.
        verdict: CHOSEN for the chosen row itself, BETTER, WORSE, or SAME.
    """

    difference: Difference
    p: float
    detectable: float
    verdict: str


def choose_winner(accuracies: Sequence[Sequence[float]]) -> int:
    """Return the number of the row with the highest mean; of equal rows the first.

    Args:
        accuracies: on validation, never on test: for each row one a seed, 0 to 1.
    """
    means = np.array([np.mean(row) for row in accuracies])
    return int(np.flatnonzero(means >= means.max() - 1e-12)[0])  # a sum in another order is no better


def verdicts(right: Sequence[np.ndarray], winner: int, groups: np.ndarray, level: float = 0.95) -> list[Verdict]:
    """Return for each row whether it is better or worse on test than the row chosen on validation.

    The trainings' spread is shared among the rows (`spread_of_differences`). With more than one seed, p is adjusted by
    `holm` with chosen = True. With one seed it is by plain Holm and of these trainings alone, since
    the test photos had no part in choosing among them.

    In simulations of three and eight equal rows, chosen among by validation of the same trainings (100, 400 and 1,600
    photos; two, three and five seeds; trainings that differ by 0, 0.01 and 0.02), at most 2.5 % of tables had any row
    told apart; where one row's trainings spread ten times as much as the others', up to 6.7 %. The price: with three
    seeds, eight rows, 1,500 photos and trainings that differ by 0.01, a row that is worse by 0.05 is told apart in 3
    tables of 4, by 0.03 in 3 of 10.

    Args:
        right: for each row (seeds, photos), whether each training had each test photo right; photos and seeds are
            the same in every row.
        winner: number of the row chosen on validation, as by `choose_winner`.
        groups: (photos,), as for `estimate`.
        level: 1 - the chance of telling any rows apart that are equal.

    Raises:
        KfoodError: rows are not of the same shape, or do not fit the groups.
    """
    spread = spread_of_differences(right, groups)
    differences = [paired_difference(right[winner], row, groups, level, spread) for row in right]
    others = [number for number in range(len(right)) if number != winner]
    adjusted = np.ones(len(right))
    lucky = differences[winner].seeds > 1
    adjusted[others] = holm([differences[number].p for number in others], chosen=lucky)
    strictest = 1 - (1 - level) / strictest_factor(len(others), chosen=lucky)
    return [
        Verdict(difference, 1.0, math.nan, CHOSEN)
        if number == winner
        else Verdict(difference, float(p), difference.detectable(strictest), _in_words(difference.mean, p, level))
        for number, (difference, p) in enumerate(zip(differences, adjusted, strict=True))
    ]


def _in_words(difference: float, p: float, level: float) -> str:
    if p >= 1 - level:
        return SAME
    return BETTER if difference > 0 else WORSE
