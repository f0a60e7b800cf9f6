"""How far probabilities are from the accuracy that comes with them: an estimate without bias, and an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammainc, stdtrit

from kfood.errors import KfoodError


@dataclass(frozen=True)
class CalibrationError:
    """The root mean square of probability less accuracy, 0 to 1. See `calibration_error`.

    Args:
        value: the estimate.
        low, high: its interval; low is 0 just where `p` is (1 - level) / 2 or more.
        p: of so large an estimate by chance, where photos are right as often as their probabilities say; 0 to 1.
        bins: of probability, over which it is taken.
    """

    value: float
    low: float
    high: float
    p: float
    bins: int


def calibration_error(
    probability: np.ndarray, right: np.ndarray, groups: np.ndarray, level: float = 0.95
) -> CalibrationError:
    """Return the calibration error of the predicted class's probability, with its interval.

    The square root of the mean of (probability - accuracy)^2 over bins of equally many photos, as many as the cube
    root of the groups, less what chance adds to it: the plug-in of J. Bröcker, "Estimating reliability
    and resolution of probability forecasts through decomposition of the empirical score", Climate Dynamics 39 (2012),
    and A. Kumar, P. Liang and T. Ma, "Verified uncertainty calibration", NeurIPS (2019), here over groups. Without
    the correction it is above 0 of any network, the more so the fewer the photos are. What lies within a bin, where
    gaps of both signs cancel, it does not see.

    The interval holds all errors that do not make what was found unlikely. The plug-in is a quadratic form of the
    bins' gaps, which are taken as normal; its distribution is that of J. P. Imhof, "Computing the distribution of
    quadratic forms in normal variables", Biometrika 48 (1961), by three moments (section 4 there). A bin's variance
    is at least that of photos as often right as their probabilities say: a bin without a mistake is no proof.

    In simulations (100 to 10,000 photos, true errors of 0 to 0.2, alone and with 4 shots a plate) 95 % intervals held
    the truth in 95 to 100 %, the more so the smaller the error is.

    Args:
        probability: (photos,), of the predicted class, 0 to 1.
        right: (photos,), whether it is the true one.
        groups: (photos,); photos with the same number, such as shots of one plate, are not independent.
        level: of the interval, 0 to 1.

    Raises:
        KfoodError: the shapes do not fit, or there is no photo.
    """
    probability, gaps = np.asarray(probability, dtype=float), np.asarray(probability, dtype=float) - right
    of_group = np.unique(np.asarray(groups), return_inverse=True)[1]
    if probability.ndim != 1 or not len(probability) or of_group.shape != probability.shape:
        raise KfoodError(
            f"a calibration error needs a probability and a group for each photo; these are {probability.shape} and "
            f"{of_group.shape}."
        )
    bins = equal_bins(probability, round((of_group.max() + 1) ** (1 / 3)))
    form = _quadratic_form(probability, gaps, bins, of_group)
    if form is None:  # one group says nothing of others
        return CalibrationError(abs(float(gaps.mean())), 0.0, 1.0, 1.0, 1)
    found, chance = float((form.scaled**2).sum()), float(np.trace(form.own))
    value = math.sqrt(max(found - chance, 0.0))
    freedom = int(of_group.max())
    wider = (stdtrit(freedom, (1 - level) / 2) / stdtrit(np.inf, (1 - level) / 2)) ** 2
    form.covariance *= wider
    outside = (1 - level) / 2
    low = _limit(form, found, 1 - outside)
    # Less than chance gives is no proof of a smaller error, so the upper limit is at least that of what it gives.
    high = _limit(form, float(np.trace(form.covariance)) + value**2, outside, widest=True)
    p = 1 - form.below(found, 0.0)
    return CalibrationError(value, min(low, value), max(high, value), p, int(bins.max()) + 1)


def equal_bins(values: np.ndarray, bins: int) -> np.ndarray:
    """Return the number of each value's bin, from 0, such that bins hold equally many; equal values share one."""
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins)) if bins > 1 else np.empty(0)
    return np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]


@dataclass
class _Form:
    """The sum of squares of normal numbers, by what is needed of their means and covariance.

    Args:
        scaled: (bins,), each bin's gap, times the root of its share of photos.
        own: (bins, bins), their covariance as the photos have it.
        covariance: (bins, bins), the same, no bin's variance below that of right probabilities.
    """

    scaled: np.ndarray
    own: np.ndarray
    covariance: np.ndarray

    def below(self, found: float, error: float, widest: bool = False) -> float:
        """Return how often the sum of squares is below `found`, where the true error is `error`.

        The true gaps lie in the direction of those found, or in the one in which chance is largest.
        """
        first, second, third = self._cumulants(error, widest)
        freedom = second**3 / third**2
        at = (found - first) * math.sqrt(freedom / second) + freedom
        return float(gammainc(freedom / 2, max(at, 0.0) / 2))

    def _cumulants(self, error: float, widest: bool) -> tuple[float, float, float]:
        """Return c1 to c3 of Imhof: sums of powers of the eigenvalues, and of the true gaps in their directions."""
        values, directions = np.linalg.eigh(self.covariance)
        along = (directions.T @ self.scaled) ** 2
        if widest or not along.any():
            along = np.eye(len(values))[-1]
        gaps = error**2 * along / along.sum()
        first, second, third = (float((values**r + r * gaps * values ** (r - 1)).sum()) for r in (1, 2, 3))
        return first, second, third


def _quadratic_form(probability: np.ndarray, gaps: np.ndarray, bins: np.ndarray, of_group: np.ndarray) -> _Form | None:
    count, groups = int(bins.max()) + 1, int(of_group.max()) + 1
    if groups == 1:
        return None
    photos = np.bincount(bins, minlength=count)
    means = np.bincount(bins, gaps, count) / photos
    residuals = (gaps - means[bins]) / photos[bins]
    sums = np.bincount(of_group * count + bins, residuals, groups * count).reshape(groups, count)
    inside = (np.bincount(of_group * count + bins, minlength=groups * count).reshape(groups, count) > 0).sum(axis=0)
    sums *= np.sqrt(inside / np.maximum(inside - 1, 1))
    own = sums.T @ sums
    alone = np.bincount(bins, residuals**2, count) * photos / np.maximum(photos - 1, 1)
    shared = max(1.0, float(own.trace() / alone.sum())) if alone.sum() else 1.0  # design effect of plates
    as_said = shared * np.bincount(bins, probability * (1 - probability), count) / photos**2
    weights = np.sqrt(photos / photos.sum())
    covariance = own + np.diag(np.maximum(as_said - own.diagonal(), 0.0))
    scale = np.outer(weights, weights)
    return _Form(weights * means, scale * own, scale * covariance)


def _limit(form: _Form, found: float, share: float, widest: bool = False) -> float:
    """Return the error at which so large a share of what chance gives is below what was found."""
    if form.below(found, 0.0) <= share:
        return 0.0
    if form.below(found, 1.0, widest) >= share:
        return 1.0
    return float(brentq(lambda error: form.below(found, error, widest) - share, 0.0, 1.0, xtol=1e-6))
