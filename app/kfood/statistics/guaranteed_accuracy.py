"""From which score on answers are as accurate as is wanted: a threshold with a guarantee."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from kfood.errors import KfoodError
from kfood.statistics.one_of_each import one_of_each

_STEPS = 30  # sizes tested, at most


@dataclass(frozen=True)
class Threshold:
    """The least score of an answer. See `guaranteed_threshold`.

    Args:
        least: the score; None where no threshold can be guaranteed.
        groups: independent photos that it was chosen among: one of each group.
        answered, wrong: how many of them have that score or a higher one, and how many of these are wrong; 0 for None.
        needed: the fewest groups with which anything could be guaranteed, all of them right.
    """

    least: float | None
    groups: int
    answered: int
    wrong: int
    needed: int


def guaranteed_threshold(
    score: np.ndarray, right: np.ndarray, groups: np.ndarray, accuracy: float, confidence: float = 0.95, seed: int = 0
) -> Threshold:
    """Return from which score on to answer, such that answers are at least that accurate, with that confidence.

    Photos drawn anew would give a threshold whose true accuracy is below the wanted one in at most 1 - confidence of
    cases. The furthest threshold at which these photos have the wanted accuracy is too low in about half of cases or
    more: it was chosen for its luck. So thresholds are tested: Learn then Test (A. N. Angelopoulos et al., "Learn then
    test: calibrating predictive algorithms to achieve risk control", 2021) with a fixed sequence, the surest photos
    first. The p-value of the k surest is exact: a binomial number of wrong answers at the largest risk that is allowed
    (Y. Geifman and R. El-Yaniv, "Selective classification for deep neural networks", NeurIPS (2017), lemma 3.1). The
    first size that fails ends it. The sizes depend on the number of groups alone: up to 30, growing by equal
    factors, from the smallest that passes with one wrong answer, or with none where that is over half of the groups,
    or from a tenth of them where that is more: a few wrong labels among the surest are then no reason to stop.

    It is exact where more answers are not more accurate ones, which is what a score is for. One photo of each group
    is taken, by chance: shots of one plate are not independent, and a plate counts once.

    Args:
        score: (photos,), the higher, the surer.
        right: (photos,), whether each answer is right.
        groups: (photos,); photos with the same number, such as shots of one plate, are not independent.
        accuracy: wanted of the answers, above 0, below 1.
        confidence: above 0, below 1.
        seed: of the choice of a photo of each group.

    Raises:
        KfoodError: accuracy or confidence are out of their range.
    """
    for value, words in ((accuracy, "accuracy"), (confidence, "confidence")):
        if not 0 < value < 1:
            raise KfoodError(f"The {words} that is wanted is {value:g}: it must lie between 0 and 1, such as 0.95.")
    drawn = one_of_each(groups, seed)
    score, wrong = np.asarray(score, dtype=float)[drawn], ~np.asarray(right, dtype=bool)[drawn]
    total = len(score)
    risk, outside = 1 - accuracy, 1 - confidence
    needed = math.ceil(math.log(outside) / math.log(accuracy) - 1e-9)
    none = Threshold(None, total, 0, 0, needed)
    if total < needed:
        return none
    order = np.argsort(-score, kind="stable")
    score, mistakes = score[order], wrong[order].cumsum()
    ends = np.flatnonzero(np.append(score[:-1] > score[1:], True))  # the last photo of each score
    sizes = np.unique(ends[np.searchsorted(ends, _sizes(total, needed, risk, outside) - 1)])
    passed = binom.cdf(mistakes[sizes], sizes + 1, risk) <= outside + 1e-12
    if not passed[0]:
        return none
    last = int(sizes[passed.cumprod().sum() - 1])
    # In the middle between two scores, so that what is rounded elsewhere falls on the same side.
    least = float(score[last : last + 2].mean()) if last + 1 < total else float(score[-1])
    return Threshold(least, total, last + 1, int(mistakes[last]), needed)


def _sizes(total: int, needed: int, risk: float, outside: float) -> np.ndarray:
    counts = np.arange(1, total // 2 + 1)
    with_one_wrong = counts[binom.cdf(1, counts, risk) <= outside]
    start = with_one_wrong[0] if len(with_one_wrong) else needed
    return np.unique(np.geomspace(max(start, total // 10), total, _STEPS).round().astype(int))
