"""Photos of known truth: features around class centres, a head that is right about them, and strangers."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from kfood.statistics.ood_scores import Head, Photos

CLASSES, LENGTH = 6, 16


def centres(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.55, (CLASSES, LENGTH))


def draw_photos(rng: np.random.Generator, n: int, of: np.ndarray | None = None) -> Photos:
    """Return n photos of the classes, or of other centres: `of`, with labels of no meaning."""
    known = centres()
    labels = rng.integers(0, len(known if of is None else of), n)
    features = (known if of is None else of)[labels] + rng.normal(0, 1, (n, LENGTH))
    head = head_of()
    return Photos(features, features @ head.weights.T + head.biases, labels)


def head_of() -> Head:
    """The head whose softmax is the true probability of each class (equal shares, unit spread)."""
    known = centres()
    return Head(known, -(known**2).sum(axis=1) / 2)


def probabilities(photos: Photos, temperature: float = 1.0) -> np.ndarray:
    """True probabilities, or as a network says them that is `temperature` times too bold."""
    return softmax(photos.logits * temperature, axis=1)


def strangers(rng: np.random.Generator, n: int) -> Photos:
    """Return n photos of none of the classes, in directions that those of the classes do not take."""
    known = centres()
    away = np.linalg.svd(known)[2][CLASSES:]  # across all centres
    return draw_photos(rng, n, 4.5 * away / np.linalg.norm(away, axis=1, keepdims=True))
