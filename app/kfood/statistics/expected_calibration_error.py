"""ECE and classwise ECE: how far probabilities are from shares, as papers give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kfood.statistics.bootstrap import basic_bootstrap

_DRAWS = 500
BINS = 15  # as in Guo et al. 2017


def bin_numbers(probability: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return the number, from 0, of the bin of equal width that each probability, 0 to 1, is in."""
    numbers: np.ndarray = np.minimum((np.asarray(probability) * bins).astype(int), bins - 1)
    return numbers


def expected_calibration_error(
    probability: np.ndarray, hit: np.ndarray, bins: int = BINS, times: np.ndarray | None = None
) -> float:
    """Return the expected calibration error, 0 to 1.

    The sum over bins of equal width of |mean probability - share of hits|, weighted by their photos: C. Guo et al.,
    "On calibration of modern neural networks", ICML (2017). Chance alone makes it more than 0, the more so the fewer
    the photos are.

    Args:
        probability: (photos,), 0 to 1.
        hit: (photos,), whether what it is the probability of is so.
        bins: how many.
        times: (photos,), how often each counts; once where not given.
    """
    weight = np.ones(len(probability)) if times is None else times
    gaps = (np.asarray(probability, dtype=float) - hit) * weight
    return float(np.abs(np.bincount(bin_numbers(probability, bins), gaps, bins)).sum() / weight.sum())


def classwise_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS, times: np.ndarray | None = None
) -> float:
    """Return the mean over classes of the ECE of each class's own probability, 0 to 1.

    M. Kull et al., "Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with Dirichlet
    calibration", NeurIPS (2019).

    Args:
        probabilities: photos x classes.
        labels: (photos,), numbers of the true classes.
        bins, times: as for `expected_calibration_error`.
    """
    photos, classes = probabilities.shape
    weight = np.ones(photos) if times is None else times
    hits = np.asarray(labels)[:, None] == np.arange(classes)
    number = bin_numbers(probabilities, bins) + np.arange(classes) * bins
    gaps = (probabilities - hits) * weight[:, None]
    sums = np.bincount(number.ravel(), gaps.ravel(), bins * classes)
    return float(np.abs(sums).sum() / weight.sum() / classes)


def top_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS, times: np.ndarray | None = None
) -> float:
    """Return `expected_calibration_error` of the likeliest class; arguments as for `classwise_calibration_error`."""
    right = probabilities.argmax(axis=1) == labels
    return expected_calibration_error(probabilities.max(axis=1), right, bins, times)


class Judged(NamedTuple):
    """An ECE with its 95 % interval, and the p of so large a one by chance where probabilities are right."""

    value: float
    low: float
    high: float
    p: float


def judge_calibration_error(
    error: Callable[..., float], probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int = 0
) -> Judged:
    """Return an error with its interval, whose low end is 0 just where chance explains it.

    Chance is drawn: labels as the probabilities say they come, one random number a plate ("consistency resampling" of
    J. Bröcker and L. A. Smith, "Increasing the reliability of reliability diagrams", Weather and Forecasting, 2007).
    The ends of the interval are those of `basic_bootstrap`, which takes off only a part of what chance adds.

    Args:
        error: `top_calibration_error` or `classwise_calibration_error`.
        probabilities: photos x classes.
        labels: (photos,), numbers of the true classes.
        groups: (photos,); photos with the same value, such as shots of one plate, are not independent.
        seed: of what is drawn.
    """
    found = error(probabilities, labels)
    plate = np.unique(np.asarray(groups), return_inverse=True)[1]
    upto = probabilities.cumsum(axis=1)
    rng = np.random.default_rng(seed)
    by_chance = []
    for _ in range(_DRAWS):
        drawn = rng.random(plate.max() + 1)[plate, None] * upto[:, -1:]
        by_chance.append(error(probabilities, (upto < drawn).sum(axis=1)))
    p = float(np.mean(np.array(by_chance) >= found))
    low, high = basic_bootstrap(
        lambda times: error(probabilities, labels, times=times), groups, draws=_DRAWS, seed=seed
    )
    return Judged(found, 0.0 if p >= 0.025 else min(low, found), max(high, found), p)
