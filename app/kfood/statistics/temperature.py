"""Temperature scaling: one number that makes all answers bolder or more modest, and leaves their order as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from kfood.errors import KfoodError

LEAST = 5e-8  # a probability below counts as this: tables keep seven digits
_WIDEST = math.log(50)  # of a temperature's logarithm, on both sides of 0
_FOLDS = 5


@dataclass(frozen=True)
class Temperature:
    """What log-probabilities are divided by. See `fit_temperature`.

    Args:
        value: above 1 makes probabilities more modest, below 1 bolder; 1 where it is not kept.
        fitted: the same, kept or not.
        before, after: log loss (nats, mean over photos) without it, and with one fitted on other photos.
    """

    value: float
    fitted: float
    before: float
    after: float

    @property
    def kept(self) -> bool:
        """Whether it made photos that it was not fitted on likelier."""
        return self.after < self.before


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities at a temperature, photos x classes, float64: softmax(log(p) / temperature).

    Of a softmax that is its logits divided by the temperature, but for probabilities below `LEAST`, which are taken
    for that, as in the tables that temperatures are fitted on. At a temperature of 1 they are left as they are.
    """
    if temperature == 1:
        return np.asarray(probabilities, dtype=float)
    powers: np.ndarray = np.exp(_log(probabilities) / temperature)
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def fit_temperature(
    probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, folds: int = _FOLDS, seed: int = 0
) -> Temperature:
    """Fit the temperature by likelihood; keep it only where it holds for photos that it was not fitted on.

    C. Guo et al., "On calibration of modern neural networks", ICML (2017). Whether it is kept is decided by
    cross-fitting: each fold of groups is judged by the temperature of the others. Where all photos are right, the
    likelihood would grow without end: one in n + 2 is then taken to be of another class, as J. Platt, "Probabilistic
    outputs for support vector machines" (1999), does.

    Args:
        probabilities: photos x classes.
        labels: (photos,), numbers of the true classes.
        groups: (photos,); photos with the same value, such as shots of one plate, are in one fold.
        folds: of groups; as many as there are groups where these are fewer.
        seed: of the folds.

    Raises:
        KfoodError: there are fewer than two groups.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise KfoodError("A temperature is fitted on photos of two plates or more.")
    logs, labels = _log(probabilities), np.asarray(labels)
    fold = (np.random.default_rng(seed).permutation(len(names)) % min(folds, len(names)))[group]
    after = np.empty(len(labels))
    for each in np.unique(fold):
        held = fold == each
        after[held] = _losses(logs[held], labels[held], _likeliest(logs[~held], labels[~held]))
    fitted = _likeliest(logs, labels)
    before, cross_fitted = float(_losses(logs, labels, 1.0).mean()), float(after.mean())
    return Temperature(fitted if cross_fitted < before else 1.0, fitted, before, cross_fitted)


def _log(probabilities: np.ndarray) -> np.ndarray:
    logs: np.ndarray = np.log(np.maximum(np.asarray(probabilities, dtype=float), LEAST))
    return logs


def _likeliest(logs: np.ndarray, labels: np.ndarray) -> float:
    right = (logs.argmax(axis=1) == labels).all()
    other = 1 / (len(labels) + 2) if right else 0.0

    def loss(log_temperature: float) -> float:
        logs_at = log_softmax(logs / math.exp(log_temperature), axis=1)
        own = logs_at[np.arange(len(labels)), labels]
        if not other:
            return float(-own.mean())
        others = (logs_at.sum(axis=1) - own) / (logs.shape[1] - 1)
        return float(-((1 - other) * own + other * others).mean())

    found = minimize_scalar(loss, bounds=(-_WIDEST, _WIDEST), method="bounded", options={"xatol": 1e-5})
    return math.exp(found.x)


def _losses(logs: np.ndarray, labels: np.ndarray, temperature: float) -> np.ndarray:
    losses: np.ndarray = -log_softmax(logs / temperature, axis=1)[np.arange(len(labels)), labels]
    return losses
