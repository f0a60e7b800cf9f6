"""Whether the network's probabilities can be believed, and how accurate it is on the photos it is surest of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import PROBABILITY, groups_of, is_right
from kfood.statistics.estimates import share_interval

_BINS = 15  # as in Guo et al. 2017
_DRAWS = 1000  # of photos, for intervals
_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


class Calibration(NamedTuple):
    """Expected calibration error (0..1), and how far probabilities are above accuracy.

    `corrected`: without what chance adds on so many photos, with its 95 % interval `low` to `high`. `chance`: what the
    error stays below in 95 % of draws of as many photos whose probabilities are right.
    """

    ece: float
    corrected: float
    low: float
    high: float
    chance: float
    overconfidence: float  # mean probability less accuracy; below 0 where the network is too modest

    def __str__(self) -> str:
        tendency = "above" if self.overconfidence > 0 else "below"
        verdict = "more than chance explains" if self.ece > self.chance else "no more than chance explains"
        return (
            f"Expected calibration error {self.ece:.4f}: {verdict}, up to {self.chance:.4f} on so many photos. "
            f"Corrected for it {self.corrected:.4f} (95 % interval {self.low:.4f} to {self.high:.4f}). On average, "
            f"probabilities are {abs(self.overconfidence):.4f} {tendency} accuracy."
        )


def reliability(predictions: pd.DataFrame, bins: int = _BINS) -> pd.DataFrame:
    """Return accuracy by probability of the predicted class, in bins of equal width that hold a photo.

    Columns: low and high (of the bin, 0..1), n, probability (mean), accuracy with its 95 % interval accuracy_low and
    accuracy_high.
    """
    number = _bin(predictions[PROBABILITY].to_numpy(), bins)
    right, groups = is_right(predictions), groups_of(predictions)
    rows = []
    for each in np.unique(number):
        inside = number == each
        mean = predictions[PROBABILITY].to_numpy()[inside].mean()
        interval = share_interval(right[inside], groups[inside])
        rows.append((each / bins, (each + 1) / bins, int(inside.sum()), mean, right[inside].mean(), *interval))
    names = ["low", "high", "n", "probability", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=names)


def calibration(predictions: pd.DataFrame, bins: int = _BINS, seed: int = 0) -> Calibration:
    """Return the expected calibration error (Guo et al. 2017) of a table with at least one photo.

    On few photos the error is never 0, even of a network whose probabilities are right. So its interval is that of a
    bootstrap over photos, centred (photos drawn again make the error grow once more by as much), and beside it stands
    what comes by chance alone, where photos are right as often as their probabilities say (Broecker and Smith 2007).
    """
    probability, right = predictions[PROBABILITY].to_numpy(float), is_right(predictions).to_numpy(float)
    gaps, number = probability - right, _bin(probability, bins)
    ece = _ece(gaps, number, bins)
    rng = np.random.default_rng(seed)
    drawn = [_ece(gaps[rows], number[rows], bins) for rows in rng.integers(0, len(gaps), (_DRAWS, len(gaps)))]
    corrected = 2 * ece - np.mean(drawn)
    high, low = (2 * ece - np.quantile(drawn, [0.025, 0.975])).clip(0, 1)
    as_said = probability - (rng.random((_DRAWS, len(gaps))) < probability)
    chance = np.quantile([_ece(each, number, bins) for each in as_said], 0.95)
    return Calibration(ece, float(np.clip(corrected, 0, 1)), float(low), float(high), float(chance), float(gaps.mean()))


def answered(predictions: pd.DataFrame, shares: tuple[float, ...] = _SHARES) -> pd.DataFrame:
    """Return the accuracy on the share of photos whose predicted class has the highest probability.

    Columns: answered (share of photos, 0..1), n, from_probability (the lowest among them), accuracy with its 95 %
    interval accuracy_low and accuracy_high.
    """
    surest = predictions.sort_values(PROBABILITY, ascending=False, kind="stable")
    right, groups = is_right(surest), groups_of(surest)
    rows = []
    for share in shares:
        n = max(1, round(share * len(surest)))
        interval = share_interval(right[:n], groups[:n])
        rows.append((share, n, surest[PROBABILITY].iloc[n - 1], right[:n].mean(), *interval))
    names = ["answered", "n", "from_probability", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=names)


def accuracy_by_share(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole curve of `answered`: shares answered and accuracies, each as long as the table."""
    right = is_right(predictions.sort_values(PROBABILITY, ascending=False, kind="stable")).to_numpy()
    counts = np.arange(1, len(right) + 1)
    return counts / len(right), right.cumsum() / counts


def _bin(probability: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((probability * bins).astype(int), bins - 1)


def _ece(gaps: np.ndarray, number: np.ndarray, bins: int) -> float:
    """Sum over bins of |mean probability - accuracy|, weighted by their photos."""
    return float(np.abs(np.bincount(number, gaps, bins)).sum() / len(gaps))
