"""A finished run as a fastai Learner again."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from fastai.learner import Learner

from kfood.data.loaders import Photo, build_dataloaders, data_block, photo_loader
from kfood.data.pixel_cache import cached_pixels
from kfood.data.preprocess import preprocessing
from kfood.errors import KfoodError
from kfood.model.build import Classifier, freeze_stages
from kfood.model.cascade import Cascade
from kfood.model.device import device
from kfood.model.precision import choose_precision
from kfood.model.saved import CascadeDescription, Description, load_model
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.training.learner import build_learner

_BATCH = 64
_PREDICTORS: WeakKeyDictionary[Run, Learner] = WeakKeyDictionary()


def restore_learner(run: Run) -> Learner:
    """Return a Learner with a run's weights on its photos, to train on.

    Raises:
        KfoodError: the model's files are missing or damaged, or it is a cascade, which only predicts.
    """
    model, _ = _model_of(run)
    if isinstance(model, Cascade):
        raise KfoodError(f"{run.folder} is a cascade of two networks, which are trained each by itself, not together.")
    freeze_stages(model, run.recipe.model.arch, run.recipe.model.frozen_stages)  # as they were in the training
    dls = build_dataloaders(run.samples, run.recipe)
    model.to_device(dls.device).set_precision(*choose_precision(run.recipe, dls.device, run.precision))
    return build_learner(dls, model, run.recipe)


def predictor_of(run: Run) -> Learner:
    """Return a Learner with a run's weights that predicts its validation and test photos; it needs no others.

    It is made once for each `Run` and kept as long as that is.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    if run not in _PREDICTORS:
        _PREDICTORS[run] = evaluation_learner(*_model_of(run), run.recipe, run.samples, run.precision)
    return _PREDICTORS[run]


def evaluation_learner(
    model: Classifier | Cascade,
    about: Description | CascadeDescription,
    recipe: Recipe,
    samples: pd.DataFrame,
    precision: str,
) -> Learner:
    """Return a Learner with any model that predicts the validation and test photos among the samples.

    Args:
        model, about: as `load_model` returns them.
        recipe: how photos are brought to the model's size.
        samples: with `path`, `area`, `label` and `split`.
        precision: as `Run.precision` of the run whose model it is.
    """
    judged = samples[samples["split"] != "train"]
    shrink = preprocessing(recipe.data)
    pixels = cached_pixels(judged, shrink) if recipe.data.cache and "digest" in judged else None
    return _predicting(model, about, recipe, judged, photo_loader(shrink, pixels), precision)


def predicting_learner(
    run: Run, samples: pd.DataFrame, load_photo: Callable[[Photo], np.ndarray], precision: str = ""
) -> Learner:
    """Return a Learner with a run's weights on any photos.

    Args:
        run: finished.
        samples: with `path`, `area` and `label`.
        load_photo: as in `data_block`.
        precision: in the words of `Run.precision`; the run's own where not given.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    return _predicting(*_model_of(run), run.recipe, samples, load_photo, precision or run.precision)


def _predicting(
    model: Classifier | Cascade,
    about: Description | CascadeDescription,
    recipe: Recipe,
    samples: pd.DataFrame,
    load_photo: Callable[[Photo], np.ndarray],
    precision: str,
) -> Learner:
    block = data_block(recipe, about.classes, len(samples), load_photo)
    dls = block.dataloaders(samples, bs=_BATCH, num_workers=0, device=device())
    model.to_device(dls.device).set_precision(*choose_precision(recipe, dls.device, precision))
    return build_learner(dls, model, recipe)


def _model_of(run: Run) -> tuple[Classifier | Cascade, Description | CascadeDescription]:
    run.verify(run.weights_file, run.model_file)
    return load_model(run.weights_file, run.model_file)
