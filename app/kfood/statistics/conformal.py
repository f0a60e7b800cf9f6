"""Split conformal prediction: sets that contain the true class as often as is wanted, whatever the network is.

V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world" (2005); A. N. Angelopoulos and S. Bates,
"Conformal prediction: a gentle introduction" (2023). All that is asked for is that new photos are of the kind of those
that the thresholds were taken from: exchangeable, one of each plate.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import betabinom

from kfood.errors import KfoodError

LAC, APS = "lac", "aps"
SET_SCORES = (LAC, APS)


def require_share(value: float, words: str) -> float:
    """Return `value`. Raises KfoodError where it does not lie between 0 and 1; `words` is what it is."""
    if not 0 < value < 1:
        raise KfoodError(f"{words} is {value:g}: it must lie between 0 and 1.")
    return value


def needed_photos(coverage: float) -> int:
    """Return the fewest independent photos of which a threshold for that coverage, between 0 and 1, can be taken."""
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def conformal_threshold(scores: np.ndarray, coverage: float) -> float:
    """Return the score that a new photo's does not exceed with a chance of `coverage` or more.

    It is the k-th smallest of n, k = ceil((n + 1) x coverage): infinite where k is above n, see `needed_photos`.

    Args:
        scores: (photos,), independent, the higher, the stranger.
        coverage: between 0 and 1.
    """
    rank = _rank(len(scores), coverage)
    return float(np.partition(scores, rank - 1)[rank - 1]) if rank <= len(scores) else math.inf


def class_thresholds(scores: np.ndarray, labels: np.ndarray, classes: int, coverage: float) -> np.ndarray:
    """Return `conformal_threshold` of each class's own photos, (classes,): the coverage then holds in each class.

    V. Vovk, "Conditional validity of inductive conformal predictors", ACML (2012): Mondrian, or class-conditional.
    A class with too few photos has an infinite threshold, so that it is in every set.
    """
    return np.array([conformal_threshold(scores[labels == number], coverage) for number in range(classes)])


def coverage_band(photos: int, judged: int, coverage: float, level: float = 0.95) -> tuple[float, float]:
    """Return between which shares of `judged` new photos so many are covered with a chance of `level`, each 0 to 1.

    Exact where scores do not tie: the number covered is beta-binomial, whichever network it is (Vovk 2012).

    Args:
        photos: that the threshold was taken from.
        judged: new ones.
        coverage: that was wanted.
        level: of the band, 0 to 1.
    """
    rank = _rank(photos, coverage)
    if rank > photos or not judged:
        return 1.0, 1.0
    covered = betabinom(judged, rank, photos + 1 - rank)
    return float(covered.ppf((1 - level) / 2)) / judged, float(covered.ppf((1 + level) / 2)) / judged


def set_scores(probabilities: np.ndarray, kind: str) -> np.ndarray:
    """Return how strange each class would be as the answer, photos x classes, 0 to 1.

    "lac" is 1 less its probability: of all sets with a coverage, these are the smallest on average (M. Sadinle, J. Lei
    and L. Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", JASA 114 (2019)). Where
    the network is right more often than is wanted, some sets are empty. "aps" is the probability of all classes that
    are likelier: sets grow where photos are hard (Y. Romano, M. Sesia and E. Candès, "Classification with valid and
    adaptive coverage", NeurIPS (2020)). Their random number is always 1 here, so that a photo has one answer, and no
    set is empty. Of classes that tie, the later one counts as likelier.

    Args:
        probabilities: photos x classes, rows that sum to 1.
        kind: of `SET_SCORES`.
    """
    if kind == LAC:
        strangeness: np.ndarray = 1 - probabilities
        return strangeness
    order = np.argsort(probabilities, axis=1)[:, ::-1]
    sorted_ = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(sorted_, axis=1) - sorted_
    scores: np.ndarray = np.empty_like(before)
    np.put_along_axis(scores, order, before, axis=1)
    return scores


def share_as_strange(score: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the conformal p-value of each score, above 0 to 1: the share of known photos that are as strange or more.

    The photo itself counts as one of them. Of photos that are of the known kind, at most a share of p have p or less.
    S. Bates et al., "Testing for outliers with conformal p-values", Annals of Statistics 51 (2023).

    Args:
        score: (photos,), the higher, the stranger.
        known: (known photos,), independent.
    """
    below = np.searchsorted(np.sort(known), score, side="left")
    shares: np.ndarray = (1 + len(known) - below) / (1 + len(known))
    return shares


def _rank(photos: int, coverage: float) -> int:
    return math.ceil((photos + 1) * coverage - 1e-9)
