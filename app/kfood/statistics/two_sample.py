"""Whether two sets of photos come from one source: a kernel two-sample test on their features, and its power."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu

DRAWS = 999  # permutations of a test
_POWER_TESTS, _POWER_DRAWS = 100, 199  # tests simulated, and permutations of each
LEVEL = 0.05


@dataclass(frozen=True)
class RankDifference:
    """How one number of photos differs between two sets.

    Args:
        higher: how often a photo of the first set has more than one of the second, 0 to 1; ties count half.
        p: two-sided, of so large a difference where both are of one source (Mann and Whitney 1947).
    """

    higher: float
    p: float


def gaussian_kernel(features: np.ndarray) -> np.ndarray:
    """Return how alike each two photos are, photos x photos, 0 to 1, by features on the unit sphere.

    The kernel's squared width is the median of all squared distances: A. Gretton et al., "A kernel two-sample test",
    JMLR 13 (2012), section 8. That looks at both sets as one, as a permutation test must.

    Args:
        features: photos x length.
    """
    return _kernel_of(_squared_distances(features))


def two_sample_p(
    kernel: np.ndarray, is_new: np.ndarray, strata: np.ndarray | None = None, draws: int = DRAWS, seed: int = 0
) -> float:
    """Return the p of a difference so large where both sets are drawn from one source, above 0 to 1.

    The squared maximum mean discrepancy (Gretton et al. 2012), with permutations: exact for any number of photos, as
    long as these are independent, one of each plate.

    With strata, such as the dish that each photo is taken for, photos change sides within their stratum alone, and
    the others are weighted to the new ones' shares of strata: what is left is how photos of one stratum differ. Strata
    without photos on both sides are left out; 1 where that are all.

    Args:
        kernel: photos x photos, as `gaussian_kernel` gives it.
        is_new: (photos,), which set each photo is of.
        strata: (photos,), whole numbers from 0; one for all where not given.
        draws: permutations.
        seed: of them.
    """
    of = np.zeros(len(is_new), int) if strata is None else strata
    counts = np.stack([np.bincount(of[side], minlength=of.max() + 1) for side in (~is_new, is_new)])
    both: np.ndarray = np.minimum(*counts) > 0
    if not both.any():
        return 1.0
    kept = both[of]
    kernel, is_new, of = kernel[np.ix_(kept, kept)], is_new[kept], of[kept]
    share = counts[1] / counts[1][both].sum()
    weights = np.where(is_new, 1.0, -1.0) * share[of] / counts[is_new.astype(int), of]
    found = _quadratic(weights[None], kernel)[0]
    by_chance = _quadratic(_permuted(weights, of, draws, np.random.default_rng(seed)), kernel)
    return float((1 + (by_chance >= found - 1e-12).sum()) / (1 + draws))


def power_of(
    features: np.ndarray, draw: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]], seed: int = 0
) -> float:
    """Return how often the test finds a difference at a level of 0.05, of 100 simulated pairs of sets, 0 to 1.

    Args:
        features: photos x length, of all photos that are drawn from.
        draw: returns the numbers of the photos of a set as it was, and of a new one with the difference in it.
        seed: of what is drawn.
    """
    rng, squares, found = np.random.default_rng(seed), _squared_distances(features), 0
    for number in range(_POWER_TESTS):
        before, new = draw(rng)
        rows = np.concatenate([before, new])
        is_new = np.arange(len(rows)) >= len(before)
        kernel = _kernel_of(squares[np.ix_(rows, rows)])
        found += two_sample_p(kernel, is_new, draws=_POWER_DRAWS, seed=number) <= LEVEL
    return found / _POWER_TESTS


def rank_difference(first: np.ndarray, second: np.ndarray) -> RankDifference:
    """Return how a number differs between independent photos of two sets, each (photos,), one or more."""
    if np.ptp(np.concatenate([first, second])) == 0:
        return RankDifference(0.5, 1.0)
    found = mannwhitneyu(first, second, alternative="two-sided")
    return RankDifference(float(found.statistic) / (len(first) * len(second)), float(found.pvalue))


def _squared_distances(features: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features.astype(float) / np.where(norms > 0, norms, 1)
    squares: np.ndarray = np.maximum(2 - 2 * unit @ unit.T, 0)
    return squares


def _kernel_of(squares: np.ndarray) -> np.ndarray:
    median = float(np.median(squares[np.triu_indices(len(squares), 1)])) or 1.0
    kernel: np.ndarray = np.exp(-squares / median)
    return kernel


def _permuted(weights: np.ndarray, strata: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return weights that have changed places at random within their strata, draws x photos."""
    places = np.argsort(strata, kind="stable")
    moved = np.empty((draws, len(weights)))
    for row in moved:
        row[places] = weights[np.lexsort((rng.random(len(weights)), strata))]
    return moved


def _quadratic(weights: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    sums: np.ndarray = ((weights @ kernel) * weights).sum(axis=1)
    return sums
