"""Which photos are the least like all that is known."""

from __future__ import annotations

import numpy as np

from kfood.statistics.conformal import share_as_strange

_NEIGHBOURS = 5  # the distance to the fifth, so that one odd photo of the known makes nothing look known


def unlikeness(new: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many known photos are as far from the others as each new one, and the known photo nearest to it.

    Distances are those of features on the unit sphere, to the fifth nearest: see `kfood.statistics.ood_scores`.

    Args:
        new: photos x length.
        known: photos x length, of different plates; six or more.

    Returns:
        The share of known photos that are as far or farther, (new,), 0 to 1; the number of the
        nearest of the known.
    """
    new, known = _unit(new), _unit(known)
    cosines = new @ known.T
    among = known @ known.T
    np.fill_diagonal(among, -np.inf)
    return share_as_strange(-_nearest(cosines), -_nearest(among)), cosines.argmax(axis=1)


def _nearest(cosines: np.ndarray) -> np.ndarray:
    nearest: np.ndarray = np.partition(cosines, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS]
    return nearest


def _unit(features: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit: np.ndarray = features / np.where(norms > 0, norms, 1)
    return unit
