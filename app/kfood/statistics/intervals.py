"""Intervals of shares."""

from __future__ import annotations

import math

from scipy.stats import binomtest


def wilson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share of `k` out of `n`: (low, high), each 0 to 1; NaN where n is 0.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    Unlike the textbook interval it stays within 0 to 1 and has a width at k = 0 and k = n.
    """
    if n == 0:
        return math.nan, math.nan
    interval = binomtest(int(k), int(n)).proportion_ci(confidence_level=level, method="wilson")
    return float(interval.low), float(interval.high)
