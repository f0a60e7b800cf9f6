"""fastai's Learner as the study needs it."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import torch
from fastai.callback.core import Callback, CancelEpochException
from fastai.callback.progress import ProgressCallback
from fastai.callback.training import BnFreeze
from fastai.data.core import DataLoaders
from fastai.learner import AvgSmoothLoss, Learner
from fastai.metrics import accuracy
from fastai.torch_core import set_seed, to_detach
from torch import Tensor

from kfood.data.loaders import Photo, build_dataloaders, sorted_labels
from kfood.data.prepare import Prepared
from kfood.model.build import Classifier, build_model, freeze_stages, parameter_count, parameter_groups
from kfood.model.cascade import Cascade
from kfood.model.device import device
from kfood.model.precision import choose_precision
from kfood.model.weights import LoadReport
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.system.collectives import broadcast_from_main
from kfood.system.memory import keep_freed_memory
from kfood.training.callbacks.freeze import FreezeNorm
from kfood.training.callbacks.micro_batches import MicroBatches
from kfood.training.callbacks.mixtures import Mixtures
from kfood.training.initial_weights import init_from_run, warn_of_leaks
from kfood.training.losses import LossFollowsMode, StudyLoss
from kfood.training.optimizers import optimizer_factory

log = logging.getLogger(__name__)


class StudyLearner(Learner):
    """fastai's Learner, able to begin at a later epoch: its own `start_epoch` runs every callback of those before."""

    first_epoch = 0
    group_lrs: list[float]  # of body and head

    def predict(self, item: str | Path | Photo, **options: Any) -> tuple[Any, ...]:  # noqa: ANN401 - fastai's own
        """Return class name, class number and probabilities of a photo, named by its path as other Learners take it."""
        if not isinstance(item, Photo):
            item = Photo(path=str(item), area="", digest="", label=self.dls.vocab[0])  # fastai wants some class
        return super().predict(item, **options)

    def fit(self, n_epoch: int, lr: float | list[float] | None = None, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Fit as fastai does; where no learning rate is given, with the recipe's for body and for head."""
        super().fit(n_epoch, self.group_lrs if lr is None else lr, *args, **options)

    def to_detach(self, b: Any, cpu: bool = True, gather: bool = True) -> Any:  # noqa: ANN401 - fastai's own
        """Detach as fastai does, of this process alone; fastai would ask all processes for every validation batch."""
        return to_detach(b, cpu, gather=False)

    def _do_fit(self) -> None:
        for epoch in range(self.first_epoch, self.n_epoch):
            self.epoch = epoch
            self._with_events(self._do_epoch, "epoch", CancelEpochException)


class SmoothLoss(AvgSmoothLoss):
    """fastai's smoothed loss, left on the device: fastai fetches each loss, for which a GPU stands still."""

    val: Tensor

    def accumulate(self, learn: Learner) -> None:
        """Add a batch."""
        loss = learn.loss.detach().mean()
        self.count += 1
        self.val = torch.lerp(loss, self.val.to(loss), self.beta)


def build_learner(dls: DataLoaders, model: Classifier | Cascade, recipe: Recipe) -> StudyLearner:
    """Return a Learner with everything that changes what is learned in a batch.

    What goes by epochs (schedule, early stopping, history, freezing) belongs to a fit: see `train`.

    Raises:
        KfoodError: a class weight names a class that is not there.
    """
    keep_freed_memory()
    weights = weights_by_number(recipe.loss.class_weights, list(dls.vocab))
    loss = StudyLoss(weights, recipe.loss.label_smoothing, recipe.loss.gce_q).to(dls.device)
    learner = StudyLearner(
        dls,
        model,
        loss_func=loss,
        opt_func=optimizer_factory(recipe.optimizer),
        lr=recipe.optimizer.lr,
        splitter=parameter_groups,
        metrics=accuracy,
        cbs=_batch_callbacks(recipe),
    )
    learner.group_lrs = [recipe.optimizer.lr * recipe.optimizer.body_lr, recipe.optimizer.lr]
    learner.recorder.__dict__["smooth_loss"] = SmoothLoss()  # fastai warns of a plain assignment
    if hasattr(learner, "progress"):  # fastai's own bars, which it adds to every Learner once imported
        learner.remove_cb(ProgressCallback)
    return learner


def _batch_callbacks(recipe: Recipe) -> list[Callback]:
    training = recipe.training
    callbacks: list[Callback] = [LossFollowsMode()]
    if recipe.model.freeze_norm:
        callbacks.append(FreezeNorm())
    elif recipe.model.frozen_stages:
        callbacks.append(BnFreeze())
    if training.mixup or training.cutmix:
        callbacks.append(Mixtures(training.mixup, training.cutmix))
    if training.accumulate > 1:
        callbacks.append(MicroBatches(training.accumulate))
    return callbacks


def prepare_network(recipe: Recipe, classes: list[str], start: Run | None) -> tuple[Classifier, LoadReport | None]:
    """Return the network with the weights that it begins with, in which what never learns is frozen; and what it took.

    Args:
        recipe: of the training.
        classes: in class order.
        start: the run whose weights it begins with; None for weights at random, or ImageNet's.
    """
    model = build_model(recipe.model, len(classes), recipe.data.size)
    taken = init_from_run(model, start, classes) if start else None
    freeze_stages(model, recipe.model.arch, recipe.model.frozen_stages)
    return model, taken


def prepare_learner(recipe: Recipe, prepared: Prepared, start: Run | None, precision: str = "") -> Learner:
    """Return a Learner whose weights and random numbers depend on the recipe and its starting run alone.

    Args:
        recipe, prepared, start: what is to be trained, on which photos, from which run.
        precision: as `Run.precision` of the run that goes on; '' where it is to be chosen.
    """
    formats = broadcast_from_main(partial(choose_precision, recipe, device(), precision))
    set_seed(recipe.training.seed, reproducible=True)
    dls = build_dataloaders(prepared.samples, recipe)
    classes = sorted_labels(prepared.samples)
    model, taken = prepare_network(recipe, classes, start)
    if start:
        log.info("Weights from %s: %s", start.name, taken)
        warn_of_leaks(start, prepared.samples)
    log.info("%s, %s head, %s parameters.", recipe.model.arch, recipe.model.head, f"{parameter_count(model):,}")
    model.to_device(dls.device).set_precision(*formats)
    if recipe.training.compile:
        model.compile()
    return build_learner(dls, model, recipe)
