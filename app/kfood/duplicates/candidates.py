"""Which photos are worth comparing: each with its few nearest, so that the work does not grow with all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from usearch.index import Index, MetricKind, ScalarKind

from kfood.duplicates.image_hashes import ImageHashes

_NEIGHBOURS = 10  # of each photo
_MOST_BITS = 14  # of 64 in which the hashes of a photo and of its copy may differ: cutting off 5 % changes about 8
_LEAST_COSINE = 0.75  # of features: a copy cut by 20 % still has 0.73 to 0.95, a copy saved again more than 0.95


def candidates(hashes: ImageHashes, features: np.ndarray | None) -> pd.DataFrame:
    """Return pairs of photos that may show the same, each once.

    Neighbours come from a graph that is searched greedily: Malkov and Yashunin, "Efficient and robust approximate
    nearest neighbor search using Hierarchical Navigable Small World graphs", 2018. It is built by one thread, so that
    the same photos give the same pairs.

    Args:
        hashes: of n photos.
        features: n x length, by any network; None for hashes alone, which miss photos that were cut.

    Returns:
        `a` < `b`, positions among the photos, and `how`: "phash" where the hashes are near, else "features".
    """
    if len(hashes.hashes) < 2:
        return pd.DataFrame({"a": [], "b": [], "how": []}).astype({"a": "int64", "b": "int64", "how": "str"})
    found = [_by_hash(hashes)]
    if features is not None:
        found.append(_by_features(features))
    return pd.concat(found).drop_duplicates(["a", "b"]).sort_values(["a", "b"], ignore_index=True)


def _by_hash(hashes: ImageHashes) -> pd.DataFrame:
    index = Index(ndim=64, metric=MetricKind.Hamming, dtype=ScalarKind.B1)
    return pd.concat(
        [_near(index, hashes.hashes, asked, "phash", _MOST_BITS) for asked in (hashes.hashes, hashes.mirrored)]
    )


def _by_features(features: np.ndarray) -> pd.DataFrame:
    index = Index(ndim=features.shape[1], metric=MetricKind.Cos, dtype=ScalarKind.F16)
    return _near(index, features, None, "features", 1 - _LEAST_COSINE)


def _near(index: Index, vectors: np.ndarray, asked: np.ndarray | None, how: str, farthest: float) -> pd.DataFrame:
    """Return each asked vector's nearest; the vectors' own where none are asked."""
    if not len(index):
        index.add(np.arange(len(vectors)), vectors, threads=1)
    found: Any = index.search(vectors if asked is None else asked, _NEIGHBOURS + 1)
    there = np.arange(found.keys.shape[1]) < found.counts[:, None]
    rows, columns = np.nonzero(there & (found.distances <= farthest))
    others = found.keys[rows, columns].astype(np.int64)
    pairs = np.sort(np.stack([rows, others], 1)[rows != others], axis=1)
    return pd.DataFrame(np.unique(pairs, axis=0), columns=["a", "b"]).assign(how=how)
