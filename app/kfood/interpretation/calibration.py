"""Whether the network's probabilities can be believed, and how accurate it is on the photos it is surest of."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import CLASS_PREFIX, LOSS, PROBABILITY, class_names, groups_of, is_right
from kfood.statistics.calibration_error import CalibrationError, calibration_error
from kfood.statistics.estimates import mean_interval, share_interval
from kfood.statistics.expected_calibration_error import BINS, bin_numbers, expected_calibration_error

_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


class Mean(NamedTuple):
    """A mean over photos with its 95 % interval; NaN where all are of one plate."""

    value: float
    low: float
    high: float


class Calibration(NamedTuple):
    """How far probabilities are from accuracy, and two scores of them.

    Args:
        error: root mean square of probability less accuracy, without what chance adds; see `calibration_error`.
        ece: expected calibration error of Guo et al. (2017), 0 to 1, as papers give it. Chance alone makes it more than
            0, the more so the fewer the photos are, so it has no interval and decides nothing.
        overconfidence: mean probability less accuracy, -1 to 1; below 0 where the network is too modest.
        brier: mean sum over classes of (probability - truth)^2, 0 to 2 (G. W. Brier 1950).
        log_loss: mean of -ln of the true class's probability, 0 or more.
    """

    error: CalibrationError
    ece: float
    overconfidence: Mean
    brier: Mean
    log_loss: Mean

    def __str__(self) -> str:
        error, (mean, low, high) = self.error, self.overconfidence
        if math.isnan(low):
            return "All photos are of one plate, so nothing can be said of the probabilities."
        verdict = "more than chance explains" if error.low > 0 else "no more than chance may explain"
        tendency = f"{abs(mean):.4f} {'above' if mean > 0 else 'below'} accuracy"
        if not (low > 0 or high < 0):
            tendency += ", which cannot be told from none"
        return (
            f"Calibration error {error.value:.4f} (95 % interval {error.low:.4f} to {error.high:.4f}): {verdict}. It "
            f"is the root mean square of probability less accuracy over {error.bins} bins of equally many photos, "
            f"chance subtracted. On average, probabilities are {tendency} (95 % interval {low:+.4f} to {high:+.4f})."
        )

    def table(self) -> pd.DataFrame:
        """Return the numbers as a table: `score`, `value`, and its 95 % interval `low` and `high`; NaN for none."""
        rows = [
            ("calibration error (0: none)", self.error.value, self.error.low, self.error.high),
            ("probability less accuracy", *self.overconfidence),
            ("Brier score (0: best, 2: worst)", *self.brier),
            ("log loss (nats, 0: best)", *self.log_loss),
            (f"ECE, {BINS} bins, with what chance adds", self.ece, math.nan, math.nan),
        ]
        return pd.DataFrame(rows, columns=["score", "value", "low", "high"])


def reliability(predictions: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Return accuracy by probability of the predicted class, in bins of equal width that hold a photo.

    The interval is that of each bin by itself: of 15, one may well miss the diagonal by chance.

    Columns: low and high (of the bin, 0..1), n, probability (mean), accuracy with its 95 % interval accuracy_low and
    accuracy_high.
    """
    number = bin_numbers(predictions[PROBABILITY].to_numpy(), bins)
    right, groups = is_right(predictions), groups_of(predictions)
    rows = []
    for each in np.unique(number):
        inside = number == each
        mean = predictions[PROBABILITY].to_numpy()[inside].mean()
        interval = share_interval(right[inside], groups[inside])
        rows.append((each / bins, (each + 1) / bins, int(inside.sum()), mean, right[inside].mean(), *interval))
    names = ["low", "high", "n", "probability", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=names)


def calibration(predictions: pd.DataFrame, bins: int = BINS) -> Calibration:
    """Return how far the probabilities of a table with at least one photo are from accuracy.

    Args:
        predictions: of one split.
        bins: of `Calibration.ece`, of equal width. Those of `Calibration.error` go by the number of plates.
    """
    probability, right = predictions[PROBABILITY].to_numpy(float), is_right(predictions).to_numpy(float)
    gaps, groups = probability - right, groups_of(predictions).to_numpy()
    all_classes = predictions[[f"{CLASS_PREFIX}{name}" for name in class_names(predictions)]].to_numpy(float)
    own = np.exp(-predictions[LOSS].to_numpy(float))  # probability of the true class
    brier = (all_classes**2).sum(axis=1) - 2 * own + 1
    means = [
        Mean(float(each.mean()), *mean_interval(each, groups))
        for each in (gaps, brier, predictions[LOSS].to_numpy(float))
    ]
    ece = expected_calibration_error(probability, right, bins)
    return Calibration(calibration_error(probability, right, groups), ece, *means)


def answered(predictions: pd.DataFrame, shares: tuple[float, ...] = _SHARES) -> pd.DataFrame:
    """Return the accuracy on the share of photos whose predicted class has the highest probability.

    A row is there to be chosen, and the best of several rows is luckier than one. So the 95 % intervals hold for all
    rows together (C. E. Bonferroni 1936): each of m is of 1 - 0.05 / m. `kfood pair abstain` chooses with a guarantee.

    Columns: answered (share of photos, 0..1), n, from_probability (the lowest among them), accuracy with its
    interval accuracy_low and accuracy_high.
    """
    surest = predictions.sort_values(PROBABILITY, ascending=False, kind="stable")
    right, groups = is_right(surest), groups_of(surest)
    rows = []
    for share in shares:
        n = max(1, round(share * len(surest)))
        interval = share_interval(right[:n], groups[:n], 1 - 0.05 / len(shares))
        rows.append((share, n, surest[PROBABILITY].iloc[n - 1], right[:n].mean(), *interval))
    names = ["answered", "n", "from_probability", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=names)


def accuracy_by_share(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole curve of `answered`: shares answered and accuracies, each as long as the table."""
    right = is_right(predictions.sort_values(PROBABILITY, ascending=False, kind="stable")).to_numpy()
    counts = np.arange(1, len(right) + 1)
    return counts / len(right), right.cumsum() / counts
