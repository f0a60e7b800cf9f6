"""Shares of several classes, such as their recalls: whether they differ at all, and what is left of the extremes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfood.errors import KfoodError

_DRAWS = 2000  # permutations


@dataclass(frozen=True)
class ClassShares:
    """Shares of classes. See `class_shares`.

    Args:
        raw: (classes,), hits over photos; NaN for a class without photos.
        shrunk: (classes,), each drawn towards the mean as far as chance alone explains its distance; NaN likewise.
        p: of shares so far apart by chance, where all classes have the same; 0 to 1. 1 with fewer than two classes.
    """

    raw: np.ndarray
    shrunk: np.ndarray
    p: float


def class_shares(hits: np.ndarray, classes: np.ndarray, groups: np.ndarray, count: int, seed: int = 0) -> ClassShares:
    """Return the shares of hits of several classes, shrunk towards their mean, and whether they differ.

    The highest of many shares is high by luck as well: of 20 classes of 20 photos, all with a share of 0.85, the best
    three have 0.96 and the worst three 0.73. Whether shares differ is tested by a permutation test of Pearson's
    chi-squared statistic: which class a group has is drawn anew 2,000 times. It is exact, also with few photos, where
    groups are equally large, and shots of one plate stay together.

    Shrinking is empirical Bayes, a beta distribution over classes by moments: J. C. Kleinman, "Proportions with
    extraneous variance: single and independent samples", JASA 68 (1973); B. Efron and C. Morris, "Data analysis using
    Stein's estimator and its generalizations", JASA 70 (1975). A class counts as many photos as it has in effect:
    plates whose shots are alike give fewer. Where shares vary no more than chance makes them, all are the mean.

    Args:
        hits: (photos,), whether each photo is a hit, such as right.
        classes: (photos,), numbers of the classes, 0 to count - 1.
        groups: (photos,); photos with the same number, such as shots of one plate, are not independent.
        count: of classes.
        seed: of the permutations.

    Raises:
        KfoodError: the shapes do not fit.
    """
    hits, classes, groups = np.asarray(hits, dtype=float), np.asarray(classes, dtype=int), np.asarray(groups)
    if hits.ndim != 1 or not hits.shape == classes.shape == groups.shape:
        raise KfoodError(
            f"shares need a class and a group for each photo; these are {hits.shape}, {classes.shape} and "
            f"{groups.shape}."
        )
    photos = np.bincount(classes, minlength=count)
    there = photos > 0
    raw = np.full(count, np.nan)
    raw[there] = np.bincount(classes, hits, count)[there] / photos[there]
    shrunk = raw.copy()
    if there.sum() < 2:
        return ClassShares(raw, shrunk, 1.0)
    # A group of photos with two labels, which no plate has, is taken for two.
    of_group = np.unique(np.unique(groups, return_inverse=True)[1] * count + classes, return_inverse=True)[1]
    shrunk[there] = _shrunk(raw[there], photos[there] / _design_effect(hits - raw[classes], of_group))
    return ClassShares(raw, shrunk, _p_value(hits, classes, of_group, count, seed))


def _shrunk(raw: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return the means of the posteriors; the prior's mean and variance are those that give the shares' spread."""
    weights = photos
    for _ in range(2):  # Kleinman: weights by photos first, then by how well a share is known of the prior
        mean = float((weights * raw).sum() / weights.sum())
        chance = mean * (1 - mean)
        parts = weights / weights.sum()
        spread = float((parts * (raw - mean) ** 2).sum())
        by_chance = chance * float((parts * (1 - parts) / photos).sum())
        scale = chance * float((parts * (1 - parts) * (1 - 1 / photos)).sum())
        alike = min(max((spread - by_chance) / scale, 0.0), 1.0) if scale > 0 else 0.0  # 1 / (a + b + 1) of the beta
        weights = photos / (1 + alike * (photos - 1))
    own = photos * alike / (1 + alike * (photos - 1))
    return mean + own * (raw - mean)


def _design_effect(residuals: np.ndarray, of_group: np.ndarray) -> float:
    """Return how many photos that share groups are worth one that does not; 1 or more."""
    alone = float((residuals**2).sum())
    together = float((np.bincount(of_group, residuals) ** 2).sum())
    return max(together / alone, 1.0) if alone else 1.0


def _p_value(hits: np.ndarray, classes: np.ndarray, of_group: np.ndarray, count: int, seed: int) -> float:
    sums, sizes = np.bincount(of_group, hits), np.bincount(of_group)
    if sums.sum() in (0, len(hits)):
        return 1.0
    own = np.zeros(len(sizes), dtype=int)
    own[of_group] = classes

    def spread(of_class: np.ndarray) -> float:
        n = np.bincount(of_class, sizes, count)
        return float((np.bincount(of_class, sums, count) ** 2 / np.maximum(n, 1)).sum())

    found, rng = spread(own), np.random.default_rng(seed)
    as_far = sum(spread(rng.permutation(own)) >= found * (1 - 1e-12) for _ in range(_DRAWS))
    return (as_far + 1) / (_DRAWS + 1)
