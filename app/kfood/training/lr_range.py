"""fastai's learning rate finder, on a learner of its own, for several seeds."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from fastai.callback.schedule import minimum, slide, steep, valley
from fastai.torch_core import set_seed

from kfood.data.loaders import build_dataloaders, sorted_labels
from kfood.errors import KfoodError
from kfood.model.precision import choose_precision
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.system.memory import free_memory
from kfood.training.callbacks.freeze import FreezeBody
from kfood.training.in_parts import in_more_parts
from kfood.training.learner import build_learner, prepare_network
from kfood.training.probe import fit_probe

log = logging.getLogger(__name__)
_RULES: dict[str, Callable[..., Any]] = {"valley": valley, "steep": steep, "minimum": minimum, "slide": slide}
LR_TRIALS, LR_STEPS = 3, 100
_RANGE = 1e-7, 10.0  # of the head's learning rate, fastai's
_CUT_END = 5  # the last points, where the loss runs away, are left out as in fastai


@dataclass(frozen=True)
class LrRange:
    """Curves (seed, lr, loss) and suggestions (seed, then a column a rule) of several trials."""

    curves: pd.DataFrame
    suggestions: pd.DataFrame

    @property
    def lr(self) -> float:
        """The middle (median over seeds) of the valley rule, fastai's own choice."""
        return float(self.suggestions["valley"].median())

    def spread(self) -> pd.DataFrame:
        """Return smallest, median and largest suggestion of each rule, with the number of seeds it worked for."""
        rules = self.suggestions.drop(columns="seed")
        return pd.DataFrame(
            {"lowest": rules.min(), "median": rules.median(), "highest": rules.max(), "seeds": rules.count()}
        )


def search_learning_rate(
    recipe: Recipe, samples: pd.DataFrame, start: Run | None, seeds: int = LR_TRIALS, iterations: int = LR_STEPS
) -> LrRange:
    """Train with a learning rate that grows from 1e-7 to 10 and see where the loss falls (Smith 2017).

    Each trial has a learner of its own, because fastai's lr_find uses up random numbers and restores the weights
    only: a training after it is not the training without it. What learns is what learns in the training: the stages
    that are frozen and the body in its first epochs (`freeze_epochs`) do not, the body has its share of the learning
    rate (`body_lr`), and the head is as the probe leaves it.

    Args:
        recipe: sets photos, network, batch size, optimizer and loss; its learning rate does not count.
        samples: as `prepare_samples` gives them.
        start: the run whose weights the recipe starts from, if any.
        seeds: number of trials.
        iterations: optimizer steps in a trial.

    Raises:
        KfoodError: the recipe has a probe and no epochs, so that its learning rate is not used; or no trial suggests
            one.
    """
    require_epochs(recipe)
    curves, suggestions = [], []
    for seed in range(recipe.training.seed, recipe.training.seed + seeds):
        log.info("lr_find, seed %d: %d steps.", seed, iterations)
        recipe, curve = _in_memory(recipe, samples, start, seed, iterations)
        curves.append(curve.assign(seed=seed))
        suggestions.append({"seed": seed, **suggest(curve, iterations)})
    found = LrRange(pd.concat(curves, ignore_index=True), pd.DataFrame(suggestions))
    if math.isnan(found.lr):
        raise KfoodError(
            f"lr_find suggests no learning rate for {recipe.name}: the loss was a number in {len(found.curves)} of "
            f"{seeds * iterations} steps, and fell nowhere. Choose one yourself (--lr), or look at the settings."
        )
    return found


def require_epochs(recipe: Recipe) -> None:
    """Check that a recipe uses a learning rate that can be searched. Raises KfoodError where it has a probe alone."""
    if not recipe.training.epochs:
        raise KfoodError(
            f"{recipe.name} trains a probe alone (training.epochs = 0), whose learning rate is probe.lr: there is none "
            "for lr_find to find."
        )


def suggest(curve: pd.DataFrame, iterations: int) -> dict[str, float]:
    """Return what fastai's four rules suggest for a curve (lr, loss); NaN where a rule finds nothing."""
    inner = curve.iloc[iterations // 10 : -_CUT_END]
    lrs, losses = torch.tensor(inner["lr"].to_numpy()), torch.tensor(inner["loss"].to_numpy())
    found = {}
    for name, rule in _RULES.items():
        try:
            found[name] = float(rule(lrs, losses, iterations)[0])
        except (IndexError, ValueError, RuntimeError, ZeroDivisionError):  # too few points left for this rule
            found[name] = math.nan
    return found


def _in_memory(
    recipe: Recipe, samples: pd.DataFrame, start: Run | None, seed: int, iterations: int
) -> tuple[Recipe, pd.DataFrame]:
    """Return the curve of a trial, and the recipe with batches in as many parts as memory has asked for."""
    while True:
        try:
            return recipe, _one_trial(recipe, samples, start, seed, iterations)
        except (RuntimeError, MemoryError) as error:
            recipe = in_more_parts(recipe, error)
        free_memory()


def _one_trial(recipe: Recipe, samples: pd.DataFrame, start: Run | None, seed: int, iterations: int) -> pd.DataFrame:
    set_seed(seed, reproducible=True)
    dls = build_dataloaders(samples, recipe)
    classes = sorted_labels(samples)
    model, _ = prepare_network(recipe, classes, start)
    model.to_device(dls.device).set_precision(*choose_precision(recipe, dls.device))
    learner = build_learner(dls, model, recipe)
    if recipe.probe.epochs:
        fit_probe(learner, recipe)
    share = recipe.optimizer.body_lr
    lowest, highest = _RANGE if share == 1 else (np.array([lr * share, lr]) for lr in _RANGE)  # of body and head
    frozen = [FreezeBody(recipe.model.freeze_epochs)] if recipe.model.freeze_epochs else []
    with tempfile.TemporaryDirectory() as folder, learner.no_bar(), learner.added_cbs(frozen):
        learner.path, learner.model_dir = Path(folder), ""  # lr_find keeps the weights there meanwhile
        learner.lr_find(lowest, highest, num_it=iterations, show_plot=False, suggest_funcs=None)
    recorder = learner.recorder
    curve = pd.DataFrame({"lr": recorder.lrs, "loss": [float(loss) for loss in recorder.losses]})
    return curve[np.isfinite(curve["loss"])]
