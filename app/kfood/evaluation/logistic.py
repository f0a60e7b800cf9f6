"""Logistic regression on features, as strongly held back as photos that it has not seen ask for."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

log = logging.getLogger(__name__)
STRENGTHS = (0.03, 0.01, 0.003, 0.001, 0.0003)  # of the penalty, from the smoothest model to the boldest
_FOLDS = 3
_ITERATIONS = 60
_TO_CHOOSE_BY = 5000  # photos


class LeftOut(NamedTuple):
    """What models say of photos that they were not fitted to.

    Args:
        strength: of the penalty, as in `Logistic`.
        photos: the numbers of the photos that were judged.
        losses: the log loss of each.
        right: whether the most probable class of each is its own.
    """

    strength: float
    photos: np.ndarray
    losses: np.ndarray
    right: np.ndarray


class Logistic(NamedTuple):
    """A fitted model: logits are features @ weight.T + bias.

    Args:
        weight, bias: classes x length and classes, float32, for features as they are.
        strength: of the penalty: half of it times the squared weights of features scaled to deviation 1.
        log_loss: of the photos that each fold left out, at this strength; NaN where there was nothing to choose.
    """

    weight: Tensor
    bias: Tensor
    strength: float
    log_loss: float

    def logits(self, features: Tensor) -> Tensor:
        """Return rows x classes of rows x length."""
        return features @ self.weight.T + self.bias


def fit_logistic(
    views: Tensor,
    labels: np.ndarray,
    groups: np.ndarray,
    classes: int,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> Logistic:
    """Fit multinomial logistic regression with an L2 penalty by L-BFGS, to all views of all photos.

    The strength of the penalty is the one of `STRENGTHS` with the least log loss on the plates that each of 3 folds
    leaves out, by their first view. Each is begun with the weights of the one before; once the loss rises, no
    smaller one is tried.

    Args:
        views: views x photos x length, float32; a photo's first view is the photo as it is.
        labels, groups: class number and plate of each photo; one plate's photos come into one fold.
        classes: how many there are.
        weights: of each photo in the loss; 1 where not given.
        seed: of the folds, and of which photos choose the strength where there are more than 5,000.
    """
    rows = _Rows(views, torch.from_numpy(labels), _of(weights, len(labels)), classes)
    best = judge_left_out(views, labels, groups, classes, weights, seed)
    strength = best.strength if best else STRENGTHS[len(STRENGTHS) // 2]
    loss = float(best.losses.mean()) if best else float("nan")
    standard = rows.standardised()
    fitted = _fit(standard, strength)
    weight = fitted[:-1] / standard.std[:, None]
    log.debug("Logistic regression: penalty %g, log loss %.4f on photos left out.", strength, loss)
    return Logistic(weight.T.contiguous(), fitted[-1] - standard.mean @ weight, strength, loss)


def judge_left_out(
    views: Tensor,
    labels: np.ndarray,
    groups: np.ndarray,
    classes: int,
    weights: np.ndarray | None = None,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
) -> LeftOut | None:
    """Return what models say of the plates that each of 3 folds leaves out, with the strength that is best for them.

    Args:
        views, labels, groups, classes, weights, seed: as for `fit_logistic`.
        strengths: to choose from, in the order in which they are tried.

    Returns:
        None where there are fewer than 6 plates.
    """
    photos = _some(groups, seed)
    rows = _Rows(views, torch.from_numpy(labels), _of(weights, len(labels)), classes).of(photos)
    folds = _folds(labels[photos], groups[photos], seed)
    parts = [(rows.of(rest).standardised(), rows.of(fold)) for rest, fold in folds]
    order = np.concatenate([fold for _, fold in folds]) if folds else photos
    starts: list[Tensor | None] = [None] * len(parts)
    best: LeftOut | None = None
    for strength in strengths if parts else ():
        starts = [_fit(rest, strength, start) for (rest, _), start in zip(parts, starts, strict=True)]
        losses, right = map(np.concatenate, zip(*map(_judge, starts, parts), strict=True))
        if best is not None and losses.mean() >= best.losses.mean():
            break
        best = LeftOut(strength, photos[order], losses, right)
    return best


class _Rows:
    """Views of photos, with what is needed to fit them; features scaled to mean 0 and deviation 1 on request."""

    def __init__(self, views: Tensor, labels: Tensor, weights: Tensor, classes: int) -> None:
        self.views, self.labels, self.weights, self.classes = views, labels, weights, classes
        self.mean, self.std = torch.zeros(views.shape[2]), torch.ones(views.shape[2])

    def of(self, photos: np.ndarray) -> _Rows:
        return _Rows(self.views[:, photos], self.labels[photos], self.weights[photos], self.classes)

    def standardised(self) -> _Rows:
        flat = self.views.flatten(0, 1)
        mean, std = flat.mean(0), flat.std(0, correction=0).clamp(min=1e-6)
        scaled = _Rows((self.views - mean) / std, self.labels, self.weights, self.classes)
        scaled.mean, scaled.std = mean, std
        return scaled


def _of(weights: np.ndarray | None, count: int) -> Tensor:
    if weights is None:
        return torch.ones(count)
    return torch.from_numpy(weights / weights.mean()).float()


def _some(groups: np.ndarray, seed: int) -> np.ndarray:
    """Return the numbers of at most `_TO_CHOOSE_BY` photos, whole plates."""
    if len(groups) <= _TO_CHOOSE_BY:
        return np.arange(len(groups))
    plates = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.flatnonzero(np.isin(groups, plates[: len(plates) * _TO_CHOOSE_BY // len(groups)]))


def _folds(labels: np.ndarray, groups: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return what is fitted and what is left out, for each fold; none where there are too few plates."""
    if len(np.unique(groups)) < 2 * _FOLDS or np.bincount(labels).max() < _FOLDS:
        return []
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a class that not every fold has
        return list(StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(labels, labels, groups))


def _judge(fitted: Tensor | None, part: tuple[_Rows, _Rows]) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted loss of each photo of a fold, and whether it is recognised."""
    assert fitted is not None
    rest, fold = part
    logits = ((fold.views[0] - rest.mean) / rest.std) @ fitted[:-1] + fitted[-1]
    losses = F.cross_entropy(logits, fold.labels, reduction="none") * fold.weights
    return losses.numpy(), (logits.argmax(1) == fold.labels).numpy()


def _fit(rows: _Rows, strength: float, start: Tensor | None = None) -> Tensor:
    """Return (length + 1) x classes: weights of standardised features, and the bias in the last row."""
    features = rows.views.flatten(0, 1)
    labels, weights = rows.labels.repeat(len(rows.views)), rows.weights.repeat(len(rows.views))
    fitted = torch.zeros(features.shape[1] + 1, rows.classes) if start is None else start.clone()
    fitted.requires_grad_()
    optimizer = torch.optim.LBFGS([fitted], max_iter=_ITERATIONS, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        each = F.cross_entropy(features @ fitted[:-1] + fitted[-1], labels, reduction="none")
        total = (each * weights).mean() + strength / 2 * fitted[:-1].square().sum()
        torch.autograd.backward(total)
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return fitted.detach()
