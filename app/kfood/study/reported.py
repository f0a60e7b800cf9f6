"""Our accuracy against the report's figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

from kfood.statistics.estimates import Estimate, score_interval
from kfood.study.verdicts import SAME

REPRODUCED = "reproduced"
DIFFERS = "differs"


@dataclass(frozen=True)
class AgainstReport:
    """Our accuracy less the report's, -1 to 1, with its interval, and REPRODUCED, DIFFERS or SAME.

    detectable is the half width of the interval: a smaller difference is not told from none. 0 to 1.
    """

    mean: float
    low: float
    high: float
    detectable: float
    verdict: str


def against_report(
    ours: Estimate, figure: float, n_report: int, margin: float, *, same_photos: bool = False
) -> AgainstReport:
    """Return whether our accuracy is that of the report, at the level of our interval.

    "reproduced" where the whole interval of the difference lies within the margin to either side, "differs" where it
    leaves 0 out and is not within the margin, "cannot be told apart" for the rest. That is a test of equivalence: a
    difference as large as the margin is called reproduced in at most 2.5 % of cases (two one-sided tests, D. J.
    Schuirmann (1987), here at 0.025 each), and what is reproduced may still differ, by less than the margin.

    The report trained once and says nothing of how its trainings spread: they are assumed to spread as ours do. With
    one seed of ours nothing is known of that, and the interval is of photos alone: too narrow. The two uncertainties
    are joined as in R. G. Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998), method 10: the report's is Wilson's of its photos, widened by a training's luck.

    Args:
        ours: on photos of the same kind; its `spread` from all rows of the table makes this interval much narrower.
        figure: the report's accuracy, 0 to 1.
        n_report: photos that it was measured on.
        margin: as near as this counts as the same, in accuracy. On photos of its own the report's figure alone is
            uncertain by about 1.96 x sqrt(figure x (1 - figure) / n_report); a smaller margin is never met.
        same_photos: whether these are the very photos that ours was measured on, as with a given test set. How hard
            the photos are then cancels, and the interval is of chance in training alone: on these photos.
    """
    mean = ours.mean - figure
    if same_photos and ours.seeds > 1:
        half = _quantile(ours) * ours.between * math.sqrt(1 + 1 / ours.seeds)
        low, high = mean - half, mean + half
    else:
        least, most = _interval_of_report(ours, figure, n_report)
        low = mean - math.hypot(ours.mean - ours.low, most - figure)
        high = mean + math.hypot(ours.high - ours.mean, figure - least)
    low, high = max(low, -1.0), min(high, 1.0)
    return AgainstReport(mean, low, high, (high - low) / 2, _in_words(low, high, margin))


def _interval_of_report(ours: Estimate, figure: float, n_report: int) -> tuple[float, float]:
    square = stdtrit(math.inf, (1 - ours.level) / 2) ** 2 / n_report
    variance = figure * (1 - figure)
    if variance and ours.seeds > 1:
        square += (_quantile(ours) * ours.beyond) ** 2 / variance
    return score_interval(figure, square)


def _quantile(ours: Estimate) -> float:
    return -float(stdtrit(ours.freedom, (1 - ours.level) / 2))


def _in_words(low: float, high: float, margin: float) -> str:
    if -margin <= low and high <= margin:
        return REPRODUCED
    return DIFFERS if low > 0 or high < 0 else SAME
