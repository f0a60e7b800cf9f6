"""Connected components of a graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csgraph


def connected_components(ends: np.ndarray, n: int) -> np.ndarray:
    """Return the number of the component that each of `n` nodes is in, 0 and up, n long.

    Args:
        ends: m x 2, the nodes that each edge connects, 0 to n - 1.
        n: how many nodes there are.
    """
    links = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), (n, n))
    return csgraph.connected_components(links, directed=False)[1]
