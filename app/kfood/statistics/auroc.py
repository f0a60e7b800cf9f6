"""How well a score tells two kinds of photos apart."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def auroc(higher: np.ndarray, lower: np.ndarray) -> float:
    """Return the area under the ROC curve, 0 to 1: how often one of `higher` is above one of `lower`; ties count half.

    H. B. Mann and D. R. Whitney (1947).

    Args:
        higher: (photos,), scores of those that should have the higher ones; one or more.
        lower: (photos,), of the others; one or more.
    """
    ranks = rankdata(np.concatenate([higher, lower]))[: len(higher)]
    return float((ranks.sum() / len(higher) - (len(higher) + 1) / 2) / len(lower))
