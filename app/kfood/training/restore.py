"""A finished run as a fastai Learner again."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from fastai.learner import Learner
from fastai.vision.core import PILImage

from kfood.data.decode_once import cached_pixels
from kfood.data.loaders import Photo, build_dataloaders, data_block, device, photo_loader, shrinking
from kfood.model.build import Classifier
from kfood.model.precision import choose_precision
from kfood.model.saved import Description, load_model
from kfood.run import Run
from kfood.training.learner import build_learner

_BATCH = 64


def restore_learner(run: Run) -> Learner:
    """Return a Learner with a run's weights on its photos, to train on.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    model, _ = _model_of(run)
    dls = build_dataloaders(run.samples, run.recipe)
    return build_learner(dls, model.on(dls.device).run_in(*choose_precision(run.recipe, dls.device)), run.recipe)


def restore_predictor(run: Run) -> Learner:
    """Return a Learner with a run's weights that predicts its validation and test photos; it needs no others.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    judged = run.samples[run.samples["split"] != "train"]
    shrink = shrinking(run.recipe.data)
    pixels = cached_pixels(judged, shrink) if run.recipe.data.cache and "digest" in judged else None
    return predicting_learner(run, judged, photo_loader(shrink, pixels))


def predicting_learner(run: Run, samples: pd.DataFrame, load_photo: Callable[[Photo], PILImage]) -> Learner:
    """Return a Learner with a run's weights on any photos.

    Args:
        run: finished.
        samples: with `path`, `area` and `label`.
        load_photo: opens them.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """
    model, about = _model_of(run)
    block = data_block(run.recipe, about.classes, len(samples), load_photo)
    dls = block.dataloaders(samples, bs=_BATCH, num_workers=0, device=device())
    return build_learner(dls, model.on(dls.device).run_in(*choose_precision(run.recipe, dls.device)), run.recipe)


def _model_of(run: Run) -> tuple[Classifier, Description]:
    run.require_whole(run.weights_file, run.model_file)
    return load_model(run.weights_file, run.model_file)
