"""The head alone, trained on features of the frozen body: seconds instead of minutes."""

from __future__ import annotations

import logging
import time
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from fastai.callback.schedule import ParamScheduler, SchedCos
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.metrics import accuracy
from fastai.torch_core import to_detach
from torch import Tensor, nn

from kfood.data.loaders import plates_of
from kfood.data.sampling import class_balancing_weights, draw
from kfood.evaluation.embeddings import embed_views
from kfood.evaluation.logistic import fit_logistic
from kfood.recipes.schema import Recipe
from kfood.training.callbacks.terminate_on_nan import TerminateOnNaN
from kfood.training.losses import LossFollowsMode
from kfood.training.optimizers import optimizer_factory

log = logging.getLogger(__name__)


class Features(NamedTuple):
    """Pooled features, photos x length, and class numbers; several rows for a training photo with several views."""

    train: Tensor
    train_labels: Tensor
    valid: Tensor
    valid_labels: Tensor


class FeatureLoader(DataLoader):
    """Batches of (features, class numbers), taken out of two tensors at once.

    Args:
        features, labels: n x length and n.
        weights: with which rows are drawn, with replacement; in random order, each once, where not given.
        batch_size: rows; what is left over is dropped where rows are shuffled.
        shuffle: whether this is for training.
    """

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        batch_size: int,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
    ) -> None:
        super().__init__(range(len(features)), bs=batch_size, shuffle=shuffle, drop_last=shuffle)
        self.features, self.labels, self.weights = features, labels, weights

    def get_idxs(self) -> list[int]:
        """Return the rows of one epoch."""
        return super().get_idxs() if self.weights is None else draw(self.rng, self.weights)

    def create_item(self, row: int) -> int:
        """Return the row's number; `create_batch` looks it up."""
        return row

    def create_batch(self, rows: list[int]) -> tuple[Tensor, Tensor]:
        """Return features and class numbers of these rows."""
        return self.features[rows], self.labels[rows]

    def to_detach(self, b: Any, cpu: bool = True, gather: bool = True) -> Any:  # noqa: ANN401 - fastai's own
        """Detach what was computed, of this process alone: each fits the whole head."""
        return to_detach(b, cpu, gather=False)

    def retain(self, batch: tuple[Tensor, Tensor], rows: list[int]) -> tuple[Tensor, Tensor]:
        """Leave the types as they are."""
        return batch


def fit_probe(learner: Learner, recipe: Recipe, shared: bool = False) -> dict[str, float]:
    """Train the learner's head on features of its body; return a row of the history, as epoch 0.

    Sampling and class weights are the recipe's, MixUp is not used here. With `probe.solver` "epochs" label smoothing
    and the optimizer are the recipe's, too. `shared` says whether all processes of a training are here, so that each
    computes a part of the features.
    """
    started = time.monotonic()
    features = body_features(learner, recipe, shared)
    lr = recipe.probe.lr
    if recipe.probe.solver == "lbfgs":
        lr = 0.0
        _solve(learner, recipe, features)
    head = _head_learner(learner, recipe, features)
    if recipe.probe.solver == "epochs":
        steps = ParamScheduler({"lr": SchedCos(lr, 0.0)})
        with head.no_bar(), head.no_logging():
            head.fit(recipe.probe.epochs, cbs=[steps, TerminateOnNaN("This is the probe: try a smaller probe.lr.")])
        train_loss, valid_loss, valid_accuracy = (float(value) for value in head.recorder.values[-1])
    else:
        with head.no_bar(), head.no_logging():
            (train_loss, _), (valid_loss, valid_accuracy) = (map(float, head.validate(dl=dl)) for dl in head.dls)
    row = {"epoch": 0, "lr": lr, "train_loss": train_loss, "valid_loss": valid_loss}
    row |= {"valid_accuracy": valid_accuracy, "seconds": round(time.monotonic() - started, 2)}
    log.info(
        "probe: the head alone, %d views of %d photos: accuracy %.4f on validation, %.0f s",
        recipe.probe.views,
        len(learner.dls.train.items),
        valid_accuracy,
        row["seconds"],
    )
    return row


def body_features(learner: Learner, recipe: Recipe, shared: bool = False) -> Features:
    """Return what the body makes of training and validation photos, from the cache where it was computed before."""
    dls = learner.dls
    train, valid = (torch.from_numpy(features) for features in embed_views(learner.model, dls, recipe, shared))
    numbers = [torch.tensor([dls.vocab.o2i[photo.label] for photo in part.items]) for part in dls]
    return Features(train, numbers[0].repeat(recipe.probe.views), valid, numbers[1])


def _solve(learner: Learner, recipe: Recipe, features: Features) -> None:
    """Fit the last layer of the head; the dropout before it has no part in it."""
    items = learner.dls.train.items
    labels = features.train_labels[: len(items)].numpy()
    each = learner.loss_func.weights.cpu().numpy()[labels]
    if recipe.sampling.method == "over":
        each = each * class_balancing_weights(pd.Series(labels))
    views = features.train.unflatten(0, (recipe.probe.views, len(items)))
    fitted = fit_logistic(views, labels, plates_of(items), len(learner.dls.vocab), each, recipe.training.seed)
    layer = next(each for each in learner.model.head.modules() if isinstance(each, nn.Linear))
    with torch.no_grad():
        layer.weight.copy_(fitted.weight)
        layer.bias.copy_(fitted.bias)


def _head_learner(learner: Learner, recipe: Recipe, features: Features) -> Learner:
    device = learner.dls.device
    over = recipe.sampling.method == "over"
    weights = class_balancing_weights(pd.Series(features.train_labels.numpy())) if over else None
    batch_size = min(recipe.probe.batch_size, len(features.train))
    train = FeatureLoader(features.train, features.train_labels, batch_size, True, weights)
    valid = FeatureLoader(features.valid, features.valid_labels, 1024)
    optimizer = recipe.optimizer.model_copy(update={"weight_decay": recipe.probe.weight_decay})
    return Learner(
        DataLoaders(train, valid, device=device),
        learner.model.head,
        loss_func=learner.loss_func,
        opt_func=optimizer_factory(optimizer),
        lr=recipe.probe.lr,
        metrics=accuracy,
        cbs=[LossFollowsMode()],
    )
