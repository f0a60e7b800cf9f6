"""A network's last layer, fitted anew on the features that it is given."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from kfood.statistics.ood_scores import Head

_PENALTY = 0.01  # times half the sum of squared weights, of features of spread 1: as good as 0.001, and sooner done
_SMOOTHING = 0.1  # of labels, so that photos that are easily told apart do not make the weights grow
_STEPS = 60


def fit_head(features: np.ndarray, labels: np.ndarray) -> Head:
    """Return the linear layer of a softmax regression, with a small penalty on its weights and smoothed labels.

    Args:
        features: photos x length.
        labels: (photos,), whole numbers from 0, each there.
    """
    photos, classes = len(features), int(labels.max()) + 1
    middle, scale = features.mean(axis=0, dtype=float), float(features.std()) or 1.0
    inputs = np.concatenate([(features - middle) / scale, np.ones((photos, 1))], axis=1)
    wanted = np.full((photos, classes), _SMOOTHING / classes)
    wanted[np.arange(photos), labels] += 1 - _SMOOTHING

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(classes, -1)
        logits = inputs @ weights.T
        logs = logits - logsumexp(logits, axis=1, keepdims=True)
        slopes = (np.exp(logs) - wanted).T @ inputs / photos
        slopes[:, :-1] += _PENALTY * weights[:, :-1]
        value = -(wanted * logs).sum() / photos + _PENALTY / 2 * (weights[:, :-1] ** 2).sum()
        return float(value), slopes.ravel()

    start = np.zeros(classes * inputs.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x.reshape(classes, -1)
    weights = found[:, :-1] / scale
    return Head(weights, found[:, -1] - weights @ middle)
