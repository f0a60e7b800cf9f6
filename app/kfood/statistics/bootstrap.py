"""Intervals of numbers that have no formula for one: photos are drawn anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_DRAWS = 1000


def basic_bootstrap(
    statistic: Callable[[np.ndarray], float],
    groups: np.ndarray,
    level: float = 0.95,
    draws: int = _DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the basic (pivotal) bootstrap interval of a number that is 0 or more; whole groups are drawn.

    A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application" (1997), section 5.2: what drawing anew
    adds to what was found is taken off it. It is cut at 0.

    Args:
        statistic: of how often each photo counts, (photos,), whole numbers of 0 or more.
        groups: (photos,); photos with the same value, such as shots of one plate, are drawn together.
        level: of the interval, 0 to 1.
        draws: of groups.
        seed: of the draws.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    found = statistic(np.ones(len(group), int))
    drawn = [
        statistic(np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[group])
        for _ in range(draws)
    ]
    upper, lower = np.quantile(drawn, [(1 + level) / 2, (1 - level) / 2])
    return max(0.0, float(2 * found - upper)), max(0.0, float(2 * found - lower))
