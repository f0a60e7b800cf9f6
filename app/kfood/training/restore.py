"""A finished run as a fastai Learner again."""

from __future__ import annotations

from fastai.learner import Learner

from kfood.data.loaders import build_dataloaders
from kfood.model.precision import choose_precision
from kfood.model.saved import load_model
from kfood.run import Run
from kfood.training.learner import build_learner


def restore_learner(run: Run) -> Learner:
    """Return a Learner with a run's weights on its photos.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    dls = build_dataloaders(run.samples, run.recipe)
    model, _ = load_model(run.weights_file, run.model_file)
    return build_learner(dls, model.on(dls.device).run_in(*choose_precision(run.recipe, dls.device)), run.recipe)
