"""One photo of each plate: independent photos out of shots that are not."""

from __future__ import annotations

import numpy as np


def one_of_each(groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the numbers of photos of which each group has one, drawn by chance; ordered by group.

    Args:
        groups: (photos,); photos with the same value, such as shots of one plate, are not independent.
        seed: of the choice.
    """
    order = np.random.default_rng(seed).permutation(len(groups))
    drawn: np.ndarray = order[np.unique(np.asarray(groups)[order], return_index=True)[1]]
    return drawn
