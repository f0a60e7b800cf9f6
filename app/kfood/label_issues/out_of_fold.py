"""What a simple model says of each photo without having seen it, nor another shot of its plate."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from kfood.errors import KfoodError

_FOLDS, _INNER = 5, 4
_FEWEST = 2 * _FOLDS  # groups of a class
_CS = (1e-4, 1e-3, 1e-2, 1e-1)  # of logistic regression: sklearn's C, the smaller the smoother
_MOST_DIRECTIONS = 256  # of features, those in which the photos differ most
_TO_CHOOSE_BY = 4000  # photos


def probabilities(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return n x classes: for each photo what logistic regression on the photos of other folds says.

    Args:
        features: n x length.
        labels: n class numbers, 0 to classes - 1, each with 10 groups or more.
        groups: n; photos of one group come into one fold.
        seed: of the folds.

    Raises:
        KfoodError: a class has too few groups to be divided into folds.
    """
    require_enough(labels, groups)
    features = principal_directions(features)
    found = np.zeros((len(labels), labels.max() + 1))
    c = None
    for rest, fold in folds(labels, groups, _FOLDS, seed):
        c = c or _choose_c(features[rest], labels[rest], groups[rest], seed)
        found[fold] = said_by(features[rest], labels[rest], features[fold], labels.max() + 1, c)
    return found


def pair_scores(
    features: np.ndarray, second: np.ndarray, groups: np.ndarray, seed: int = 0, repeats: int = 2
) -> np.ndarray:
    """Return for each photo of a pair the log-odds of the second class, by models that have not seen it.

    C is chosen for each fold from its own training photos, and the scores are means over other divisions
    into folds, so that they are nearly normal within a class.

    Args:
        features: n x length.
        second: n, whether the label is the second class.
        groups, seed: as for `probabilities`.
        repeats: divisions into folds.

    Raises:
        KfoodError: as `probabilities`.
    """
    require_enough(second, groups)
    features, second = principal_directions(features), second.astype(int)
    scores = np.zeros(len(second))
    for number in range(repeats):
        for rest, fold in folds(second, groups, _FOLDS, seed + number):
            c = _choose_c(features[rest], second[rest], groups[rest], seed + number)
            scores[fold] += _fitted(features[rest], second[rest], c).decision_function(features[fold])
    return scores / repeats


def principal_directions(features: np.ndarray) -> np.ndarray:
    """Return the features along the directions in which they vary most, each feature scaled alike before."""
    scaled = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    scaled = scaled.astype(np.float64)
    if scaled.shape[1] <= _MOST_DIRECTIONS:
        return scaled
    values, vectors = np.linalg.eigh(scaled.T @ scaled)  # length x length, however many photos
    return scaled @ vectors[:, np.argsort(values)[::-1][:_MOST_DIRECTIONS]]


def folds(labels: np.ndarray, groups: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (other photos, photos of the fold) for each fold, classes in equal shares, groups whole."""
    return list(StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(labels, labels, groups))


def require_enough(labels: np.ndarray, groups: np.ndarray) -> None:
    """Raise KfoodError where a class has too few groups to be divided into folds; labels and groups are n numbers."""
    fewest = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    if fewest < _FEWEST:
        raise KfoodError(
            f"There are too few photos to judge labels by: every class needs {_FEWEST} plates or more, so that each "
            f"can be judged by the others, but one has {fewest}. Leave it out with --set data.classes=…"
        )


def _choose_c(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int) -> float:
    """Return the C with the least log-loss on photos held out of these."""
    if len(labels) > _TO_CHOOSE_BY:
        some = np.random.default_rng(seed).permutation(np.unique(groups))
        chosen = np.isin(groups, some[: max(1, len(some) * _TO_CHOOSE_BY // len(labels))])
        for label in np.unique(labels):
            own = labels == label
            if len(np.unique(groups[own & chosen])) < 2 * _INNER:  # a rare class: with all it has
                chosen |= np.isin(groups, groups[own])
        features, labels, groups = features[chosen], labels[chosen], groups[chosen]
    inner = folds(labels, groups, _INNER, seed) if len(np.unique(labels)) == 2 else folds(labels, groups, 2, seed)
    losses = []
    for c in _CS:
        said = np.zeros((len(labels), labels.max() + 1))
        for rest, fold in inner:
            said[fold] = said_by(features[rest], labels[rest], features[fold], labels.max() + 1, c)
        losses.append(log_loss(labels, said, labels=np.arange(labels.max() + 1)))
    return _CS[int(np.argmin(losses))]


def said_by(rest: np.ndarray, labels: np.ndarray, asked: np.ndarray, n_classes: int, c: float) -> np.ndarray:
    """Return photos x classes: what logistic regression on `rest` says of `asked`; 0 for a class that `rest` lacks.

    Args:
        rest, asked: features, photos x length.
        labels: class numbers of `rest`, 0 to n_classes - 1, of two classes or more.
        n_classes: of all photos.
        c: sklearn's C.
    """
    model = _fitted(rest, labels, c)
    said = np.zeros((len(asked), n_classes))
    said[:, model.classes_] = model.predict_proba(asked)
    return said


def _fitted(features: np.ndarray, labels: np.ndarray, c: float) -> LogisticRegression:
    return LogisticRegression(C=c, max_iter=300, tol=1e-3).fit(features, labels)
