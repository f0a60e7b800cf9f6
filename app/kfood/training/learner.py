"""fastai's Learner as the study needs it."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback, CancelEpochException
from fastai.callback.progress import ProgressCallback
from fastai.callback.training import BnFreeze
from fastai.data.core import DataLoaders
from fastai.learner import AvgSmoothLoss, Learner
from fastai.metrics import accuracy

from kfood.memory import keep_freed_memory
from kfood.model.build import Classifier, parameter_groups
from kfood.recipes.schema import Recipe
from kfood.training.freeze import FreezeNorm
from kfood.training.losses import LossFollowsMode, StudyLoss, weights_by_number
from kfood.training.micro_batches import MicroBatches
from kfood.training.mixup import MixUp
from kfood.training.optimizers import optimizer_factory


class StudyLearner(Learner):
    """fastai's Learner, able to begin at a later epoch: its own `start_epoch` runs every callback of those before."""

    first_epoch = 0

    def _do_fit(self) -> None:
        for epoch in range(self.first_epoch, self.n_epoch):
            self.epoch = epoch
            self._with_events(self._do_epoch, "epoch", CancelEpochException)


class SmoothLoss(AvgSmoothLoss):
    """fastai's smoothed loss, left on the device: fastai fetches each loss, for which a GPU stands still."""

    def accumulate(self, learn: Learner) -> None:
        """Add a batch."""
        loss = learn.loss.detach().mean()
        self.count += 1
        self.val = torch.lerp(loss, self.val.to(loss), self.beta)


def build_learner(dls: DataLoaders, model: Classifier, recipe: Recipe) -> StudyLearner:
    """Return a Learner with everything that changes what is learned in a batch.

    What goes by epochs (schedule, early stopping, history, freezing) belongs to a fit: see `train`.

    Raises:
        KfoodError: a class weight names a class that is not there.
    """
    keep_freed_memory()
    weights = weights_by_number(recipe.loss.class_weights, list(dls.vocab))
    loss = StudyLoss(weights, recipe.loss.label_smoothing, recipe.loss.robust).to(dls.device)
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
    vars(learner.recorder)["smooth_loss"] = SmoothLoss()  # fastai warns of a plain assignment
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
    if training.mixup:
        callbacks.append(MixUp(training.mixup))
    if training.accumulate > 1:
        callbacks.append(MicroBatches(training.accumulate))
    return callbacks
