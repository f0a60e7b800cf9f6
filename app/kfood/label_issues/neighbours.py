"""Which photo is most like another one, in a network's features."""

from __future__ import annotations

import numpy as np

_AT_ONCE = 1024  # photos that are compared with the others


def nearest_of_another_group(
    features: np.ndarray, groups: np.ndarray, asked: np.ndarray | None = None, among: np.ndarray | None = None
) -> np.ndarray:
    """Return for each photo the number of the most similar one (cosine) that is not of its group.

    Args:
        features: n x length.
        groups: n numbers.
        asked: the numbers of the photos to answer for, in the order of the result; None for all.
        among: the numbers of the photos to choose from; None for all.
    """
    asked, among = (np.arange(len(features)) if each is None else each for each in (asked, among))
    others = _unit(features[among])
    found = np.empty(len(asked), int)
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        alike = _unit(features[some]) @ others.T
        alike[groups[some, None] == groups[among]] = -np.inf
        found[start : start + _AT_ONCE] = among[alike.argmax(axis=1)]
    return found


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
