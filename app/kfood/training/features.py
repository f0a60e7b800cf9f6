"""What a frozen body makes of the photos: computed once, then trained on as often as wanted."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import NamedTuple

import torch
from fastai.learner import Learner
from fastai.torch_core import no_random
from safetensors.torch import load_file, save
from torch import Tensor

from kfood.data.threads import prediction_loader
from kfood.model.build import Classifier
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.recipes.schema import Recipe
from kfood.system.files import write_whole
from kfood.system.paths import cache_folder
from kfood.system.progress import track

log = logging.getLogger(__name__)
_BATCH = 64
_KEPT = 20  # files of features; the ones not used for longest go


class Features(NamedTuple):
    """Pooled features, photos x length, and class numbers; several rows for a training photo with several views."""

    train: Tensor
    train_labels: Tensor
    valid: Tensor
    valid_labels: Tensor


def body_features(learner: Learner, recipe: Recipe) -> Features:
    """Return what the body makes of training and validation photos, from the cache where it was computed before.

    The body predicts: its batch normalisation uses the statistics that it has. The first view of a training photo is
    the photo as it is, the others are augmented. The random numbers of the training are left alone.
    """
    file = cache_folder() / "features" / f"{_key(learner, recipe)}.safetensors"
    try:
        features = Features(**load_file(file))
        file.touch()
        log.info("What the body makes of these photos is known from before.")
        return features
    except Exception:  # not there, or damaged: computed
        features = _compute(learner, recipe)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda partial: partial.write_bytes(save(features._asdict())))
        for old in sorted(file.parent.glob("*.safetensors"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("The features cannot be kept: %s", error)
    return features


def _compute(learner: Learner, recipe: Recipe) -> Features:
    dls, views = learner.dls, recipe.probe.views
    log.info("Computing features of %d views of %d photos.", views, len(dls.train.items))
    parts = []
    with no_random(recipe.training.seed):  # DataLoaders draw from it when they are made, too
        as_they_are, judged = (prediction_loader(dls, part.items) for part in dls)
        augmented = dls.train.new(shuffle=False, drop_last=False, bs=_BATCH)
        loaders = [as_they_are, *[augmented] * (views - 1), judged]
        total = sum(len(loader) for loader in loaders)
        batches = track((batch for loader in loaders for batch in loader), total, "computing features")
        model = fold_batchnorm(learner.model, recipe.data.size)
        for loader in loaders:
            done = [_pooled(model, *next(batches)) for _ in range(len(loader))]
            parts.append([torch.cat(column) for column in zip(*done, strict=True)])
    train = [torch.cat(column) for column in zip(*parts[:-1], strict=True)]
    return Features(*train, *parts[-1])


@torch.inference_mode()
def _pooled(model: Classifier, photos: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return model.pooled(photos).float().cpu(), labels.as_subclass(Tensor).cpu()


def _key(learner: Learner, recipe: Recipe) -> str:
    """Return what stands for everything that the features depend on."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in learner.model.body.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    settings = {
        "arch": recipe.model.arch,
        "augment": recipe.augment.model_dump(),
        "data": recipe.data.model_dump(include={"size", "presize", "resize", "denoise"}),
        "views": recipe.probe.views,
        "seed": recipe.training.seed,
        "precision": str(learner.model.precision),
        "statistics": learner.model.normalization,
        "photos": [[list(photo) for photo in part.items] for part in learner.dls],
    }
    digest.update(json.dumps(settings, ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()
