"""Selective classification: answering only where the score is high enough, and what it comes to.

R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification", JMLR 11 (2010): coverage is the
share of photos that are answered, risk the share of wrong answers among them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_DRAWS = 1000  # of groups, for intervals


def risk_by_coverage(score: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Return what is answered, and how many answers are wrong, from every score on.

    Args:
        score: of each photo: the higher, the surer.
        right: whether its answer is right.

    Returns:
        A row for each score that occurs, the highest first: `least` (the score), `n` (photos with it or a higher
        one), `wrong` (among them), `coverage` and `risk` (0 to 1).
    """
    negative, step = np.unique(-score.to_numpy(), return_inverse=True)
    n, wrong = _sums(step, right, np.ones(len(right), int))
    return pd.DataFrame({"least": -negative, "n": n, "wrong": wrong, "coverage": n / len(right), "risk": wrong / n})


def aurc(score: pd.Series, right: pd.Series) -> float:
    """Return the area under the curve of risk by coverage: the mean risk over answering 1, 2, … all photos.

    Photos of equal score come in random order, and what is returned is the mean over all orders. Y. Geifman, G. Uziel
    and R. El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR (2019).
    """
    curve = risk_by_coverage(score, right)
    return _area(curve["n"].to_numpy(), curve["wrong"].to_numpy())


def aurc_interval(score: pd.Series, right: pd.Series, groups: pd.Series, seed: int = 0) -> tuple[float, float]:
    """Return a 95 % interval of `aurc`, by a bootstrap over groups: shots of one plate are drawn together."""
    _, step = np.unique(-score.to_numpy(), return_inverse=True)
    names, group = np.unique(groups.to_numpy(), return_inverse=True)
    areas = []
    for drawn in np.random.default_rng(seed).integers(0, len(names), (_DRAWS, len(names))):
        times = np.bincount(drawn, minlength=len(names))[group]  # how often each photo is drawn
        areas.append(_area(*_sums(step, right, times)))
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


def _sums(step: np.ndarray, right: pd.Series, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many photos are answered from each score on, and how many of them wrongly.

    Args:
        step: the number of each photo's score, 0 for the highest.
        right: whether its answer is right.
        times: how often the photo counts.
    """
    n = np.bincount(step, times).cumsum()
    wrong = np.bincount(step, times * ~right.to_numpy(bool)).cumsum()
    return n.astype(int), wrong.astype(int)


def _area(n: np.ndarray, wrong: np.ndarray) -> float:
    """Return the mean risk over answering 1, 2, … all photos, of the sums from each score on."""
    answered = np.arange(1, n[-1] + 1)
    return float((np.interp(answered, [0, *n], [0, *wrong]) / answered).mean())
