"""What hangs together, over any number of steps."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected(ends: np.ndarray, n: int) -> np.ndarray:
    """Return the number of the component that each of `n` things is in, 0 and up, n long.

    Args:
        ends: m x 2, pairs of things that hang together, 0 to n - 1.
        n: how many things there are.
    """
    links = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), (n, n))
    return connected_components(links, directed=False)[1]
