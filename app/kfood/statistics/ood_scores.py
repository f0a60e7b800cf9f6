"""Scores of how unlike a photo is all that was learned from (out-of-distribution detection): the higher, the stranger.

Each is fitted on training photos, where it needs any, and gives plain arrays, so that it can be stored. Scores of two
kinds cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

_NEIGHBOURS = 10
_SHRINKAGE = 0.3  # of the covariance of cosines, towards equal spread in all directions
_COSINES = 2.0  # how much they count beside the softmax: 1 to 3 are as good, see tests/benchmarks/README.md
_RIDGE = 1e-6  # on the diagonal of a covariance, beside the sum of squares
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Photos:
    """What a network makes of photos.

    Args:
        features: photos x length, pooled: what the head is given.
        logits: photos x classes.
        labels: (photos,), numbers of the true classes; only of photos that scores are fitted on.
    """

    features: np.ndarray
    logits: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Head:
    """The linear layer from features to logits: weights, classes x length, and biases, (classes,)."""

    weights: np.ndarray
    biases: np.ndarray


def logits_of(head: Head, features: np.ndarray) -> np.ndarray:
    """Return logits, photos x classes, of features, photos x length."""
    logits: np.ndarray = features @ head.weights.T + head.biases
    return logits


def _nothing(photos: Photos, head: Head) -> dict[str, np.ndarray]:
    return {}


def _max_softmax(photos: Photos, arrays: Arrays) -> np.ndarray:
    """D. Hendrycks and K. Gimpel, "A baseline for detecting misclassified and out-of-distribution examples" (2017)."""
    score: np.ndarray = -softmax(photos.logits, axis=1).max(axis=1)
    return score


def _max_logit(photos: Photos, arrays: Arrays) -> np.ndarray:
    """D. Hendrycks et al., "Scaling out-of-distribution detection for real-world settings", ICML (2022)."""
    score: np.ndarray = -photos.logits.max(axis=1)
    return score


def _energy(photos: Photos, arrays: Arrays) -> np.ndarray:
    """W. Liu et al., "Energy-based out-of-distribution detection", NeurIPS (2020)."""
    score: np.ndarray = -logsumexp(photos.logits, axis=1)
    return score


def _fit_knn(photos: Photos, head: Head) -> dict[str, np.ndarray]:
    return {"known": _unit(photos.features)}


def _knn(photos: Photos, arrays: Arrays) -> np.ndarray:
    """Distance to the k-th nearest of the known, on the unit sphere.

    Y. Sun et al., "Out-of-distribution detection with deep nearest neighbors", ICML (2022). k is 10, or all where there
    are fewer.
    """
    known = arrays["known"]
    near = min(_NEIGHBOURS, len(known)) - 1
    cosines = _unit(photos.features) @ known.T
    nearest = np.partition(-cosines, near, axis=1)[:, near]
    score: np.ndarray = np.sqrt(np.maximum(2 + 2 * nearest, 0))
    return score


def _fit_mahalanobis(photos: Photos, head: Head) -> dict[str, np.ndarray]:
    centres = _centres(photos)
    numbers = np.unique(photos.labels, return_inverse=True)[1]
    spread = photos.features.astype(float) - centres[numbers]
    covariance = spread.T @ spread + _RIDGE * np.eye(spread.shape[1])
    # A root of the inverse, with a row for each direction: what is summed are squares then.
    values, directions = np.linalg.eigh(covariance)
    root = (directions / np.sqrt(np.maximum(values, _RIDGE))).T
    return {"centres": centres @ root.T, "root": root}


def _mahalanobis(photos: Photos, arrays: Arrays) -> np.ndarray:
    """Half the squared distance to the nearest class's centre, in units of the spread within classes.

    K. Lee et al., "A simple unified framework for detecting out-of-distribution samples and adversarial attacks",
    NeurIPS (2018).
    """
    features, centres = photos.features @ arrays["root"].T, arrays["centres"]
    squares = (features**2).sum(axis=1)[:, None] - 2 * features @ centres.T + (centres**2).sum(axis=1)
    score: np.ndarray = squares.min(axis=1) / 2
    return score


def _fit_cosine(photos: Photos, head: Head) -> dict[str, np.ndarray]:
    unit = Photos(_unit(photos.features).astype(float), photos.logits, photos.labels)
    middle, centres = unit.features.mean(axis=0), _centres(unit)
    spread = unit.features - centres[np.unique(photos.labels, return_inverse=True)[1]]
    values, directions = np.linalg.eigh(spread.T @ spread / len(spread))
    shrunk = (1 - _SHRINKAGE) * np.maximum(values, 0) + _SHRINKAGE * values.mean()
    root = (directions / np.sqrt(np.maximum(shrunk, np.finfo(float).tiny))).T
    return {"middle": middle, "root": root, "centres": _unit((centres - middle) @ root.T)}


def _cosine(photos: Photos, arrays: Arrays) -> np.ndarray:
    """The largest cosine to a class's centre, seen from the middle of all, in units of the spread within classes.

    Whitening is that of linear discriminants, as in Y. Chen et al., "WDiscOOD", ICCV (2023); the cosine as in E.
    Techapanurak et al., "Hyperparameter-free out-of-distribution detection using cosine similarity", ACCV (2020). The
    covariance is shrunk towards equal spread by a constant, as photos are few beside the features.
    """
    seen = _unit((_unit(photos.features) - arrays["middle"]) @ arrays["root"].T)
    score: np.ndarray = -(seen @ arrays["centres"].T).max(axis=1)
    return score


def _softmax_and_cosine(photos: Photos, arrays: Arrays) -> np.ndarray:
    """The largest softmax probability, which the head gives, and twice the cosine, which the features do."""
    return _max_softmax(photos, arrays) + _COSINES * _cosine(photos, arrays)


def _fit_vim(photos: Photos, head: Head) -> dict[str, np.ndarray]:
    origin = -np.linalg.pinv(head.weights) @ head.biases
    centred = photos.features.astype(float) - origin
    directions = np.linalg.eigh(centred.T @ centred / len(centred))[1]
    residual = directions[:, : directions.shape[1] - principal_directions(directions.shape[1])]
    scale = photos.logits.max(axis=1).mean() / np.linalg.norm(centred @ residual, axis=1).mean()
    return {"origin": origin, "residual": residual * scale}


def _vim(photos: Photos, arrays: Arrays) -> np.ndarray:
    """What of the features lies outside of the directions in which known photos differ, less the energy of the logits.

    H. Wang et al., "ViM: out-of-distribution with virtual-logit matching", CVPR (2022).
    """
    residual = np.linalg.norm((photos.features - arrays["origin"]) @ arrays["residual"], axis=1)
    score: np.ndarray = residual - logsumexp(photos.logits, axis=1)
    return score


def principal_directions(length: int) -> int:
    """Return how many directions ViM leaves out, of features of a length: 1000 from 2048, 512 from 768 on, else half.

    As in the paper, which has features of 768 and more.
    """
    return 1000 if length >= 2048 else 512 if length >= 768 else length // 2


_Fit = Callable[[Photos, Head], dict[str, np.ndarray]]
_Score = Callable[[Photos, Arrays], np.ndarray]
_SCORES: dict[str, tuple[_Fit, _Score]] = {
    "max-softmax": (_nothing, _max_softmax),
    "max-logit": (_nothing, _max_logit),
    "energy": (_nothing, _energy),
    "knn": (_fit_knn, _knn),
    "mahalanobis": (_fit_mahalanobis, _mahalanobis),
    "vim": (_fit_vim, _vim),
    "cosine": (_fit_cosine, _cosine),
    "softmax+cosine": (_fit_cosine, _softmax_and_cosine),
}
OOD_SCORES = tuple(_SCORES)
BASELINE = "max-softmax"


def fit_ood_score(kind: str, photos: Photos, head: Head) -> dict[str, np.ndarray]:
    """Return what a score of `OOD_SCORES` needs of the photos that were learned from, as arrays by name.

    Args:
        kind: of the score.
        photos: that were learned from, one or more of each class among their labels.
        head: of the network.
    """
    return _SCORES[kind][0](photos, head)


def ood_score(kind: str, photos: Photos, arrays: Arrays) -> np.ndarray:
    """Return how strange photos are, (photos,): the higher, the stranger.

    Args:
        kind: of `OOD_SCORES`.
        photos: any; their labels are not looked at.
        arrays: as `fit_ood_score` gave them.
    """
    return _SCORES[kind][1](photos, arrays)


def _unit(features: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit: np.ndarray = features / np.where(norms > 0, norms, 1)
    return unit


def _centres(photos: Photos) -> np.ndarray:
    return np.stack(
        [photos.features[photos.labels == number].mean(axis=0, dtype=float) for number in np.unique(photos.labels)]
    )
