"""Samples as fastai DataLoaders: the DataBlock of every training."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from fastai.data.block import CategoryBlock, DataBlock, TransformBlock
from fastai.data.core import DataLoaders, TfmdDL
from fastai.data.transforms import IntToFloatTensor, Normalize, ToTensor
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.core import PILImage, TensorImage
from fasttransform import Transform

from kfood.data.augment import augmentations
from kfood.data.augment_policy import AugmentPolicy
from kfood.data.cached_batches import CachedDL, CachedWeightedDL
from kfood.data.erasing import RandomErasing
from kfood.data.pixel_cache import cached_pixels
from kfood.data.pixels import PixelCache, photo_key, photo_keys
from kfood.data.preprocess import Preprocess, preprocessing
from kfood.data.sampling import SeededWeightedDL, class_balancing_weights, undersample
from kfood.errors import DataError
from kfood.model.device import device
from kfood.model.normalization import UNIT_RANGE
from kfood.recipes.schema import Recipe
from kfood.system.cores import available_cores

log = logging.getLogger(__name__)
RESIZE_METHODS = {"squish": ResizeMethod.Squish, "crop": ResizeMethod.Crop, "pad": ResizeMethod.Pad}
_LOADERS = {  # by whether photos are drawn by weight, and whether a batch comes out of the cache at once
    (False, False): TfmdDL,
    (False, True): CachedDL,
    (True, False): SeededWeightedDL,
    (True, True): CachedWeightedDL,
}
_MOST_WORKERS = 8
_FEW_PHOTOS = 1000


class Photo(NamedTuple):
    """One item of the data set. `digest` stands for the file's content, `group` for its plate; '' where not known."""

    path: str
    area: str
    digest: str
    label: str
    group: str = ""


def as_items(samples: pd.DataFrame) -> list[Photo]:
    """Return samples as the items that the DataLoaders take."""
    known = samples.assign(**{column: "" for column in ("digest", "group") if column not in samples})
    return [Photo(*row) for row in known[list(Photo._fields)].itertuples(index=False)]


def plates_of(items: Iterable[Photo]) -> np.ndarray:
    """Return the plate of each item; where it is not known, the photo stands for itself."""
    return np.array([photo.group or photo.path for photo in items])


class OpenPhoto(Transform):
    """The first step of the pipeline: a photo becomes an image, and where it is a square then, at once a tensor.

    Args:
        load: gives a photo's pixels, height x width x 3, uint8.
        square: whether `load` makes squares of all photos.
    """

    def __init__(self, load: Callable[[Photo], np.ndarray], square: bool) -> None:
        self.load, self.square = load, square
        super().__init__()

    def encodes(self, photo: Photo) -> PILImage | TensorImage:
        """Return the image; a tensor is a copy, as the cache's memory is only to read."""
        pixels = self.load(photo)
        if not self.square:
            return PILImage.create(pixels)
        return TensorImage(torch.from_numpy(np.array(pixels)).permute(2, 0, 1))


def photo_loader(shrink: Preprocess, pixels: PixelCache | None) -> Callable[[Photo], np.ndarray]:
    """Return what gives a photo's pixels, brought to size: from the cache where it has them, else from the file."""

    def load_photo(photo: Photo) -> np.ndarray:
        found = pixels.find(photo_key(photo.digest, photo.area)) if pixels else None
        return shrink(photo.path, photo.area) if found is None else found

    return load_photo


def sorted_labels(samples: pd.DataFrame) -> list[str]:
    """Return the class names, sorted: the index is the class number."""
    return sorted(samples["label"].unique())


def build_dataloaders(samples: pd.DataFrame, recipe: Recipe) -> DataLoaders:
    """Return training and validation DataLoaders with pixels in -1..1.

    Args:
        samples: with `path`, `area`, `label` and `split`, and with `digest` if photos may come from the cache. Test
            photos are not in the DataLoaders, but are decoded with the others for the prediction that follows.
        recipe: its sections data, augment, sampling and training.

    Raises:
        DataError: the batch is larger than the training set.
    """
    classes, training = sorted_labels(samples), recipe.training
    train, valid = training_samples(samples, recipe), samples[samples["split"] == "valid"]
    shrink = preprocessing(recipe.data)
    pixels = cached_pixels(samples, shrink) if recipe.data.cache and "digest" in samples else None
    at_once = pixels is not None and pixels.are_squares(photo_keys(pd.concat([train, valid])))
    on_gpu = device().type == "cuda"
    ready = pixels is not None and bool(pixels.has(photo_keys(pd.concat([train, valid]))).all())
    workers = worker_count(training.workers, 0 if ready and not on_gpu else len(train))
    if pixels is not None and not ready:
        log.info(
            "Not all photos are in the cache of pixels: %s loads them in each epoch (training.workers).",
            f"each of {workers} processes" if workers else "this process alone",
        )
    over = recipe.sampling.method == "over"
    weights = {"wgts": class_balancing_weights(train["label"])} if over else {}
    from_cache = {"pixels": pixels} if at_once else {}
    return data_block(recipe, classes, len(train), photo_loader(shrink, pixels)).dataloaders(
        pd.concat([train, valid]),
        bs=training.batch_size,
        val_bs=max(1, training.batch_size // training.accumulate),  # what goes through the network at a time
        num_workers=0 if at_once and on_gpu else workers,
        device=device(),
        dl_type=_LOADERS[over, at_once],
        dl_kwargs=(weights | from_cache, from_cache),
    )


def training_samples(samples: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Return the photos that an epoch draws from.

    Raises:
        DataError: they are fewer than a batch.
    """
    if recipe.sampling.method == "under":
        samples = undersample(samples, recipe.training.seed)
    train, batch_size = samples[samples["split"] == "train"], recipe.training.batch_size
    if batch_size > len(train):
        raise DataError(
            f"training.batch_size is {batch_size}, but there are only {len(train)} training photos. "
            f"Choose a smaller one, such as --set training.batch_size={max(2, len(train) // 4)}."
        )
    return train


def data_block(
    recipe: Recipe, classes: list[str], n_train: int, load_photo: Callable[[Photo], np.ndarray]
) -> DataBlock:
    """Return the DataBlock: photos in, class numbers out; the first `n_train` items are for training.

    Args:
        recipe: its sections data and augment.
        classes: in the order of their numbers.
        n_train: number of items.
        load_photo: gives a photo's pixels, height x width x 3, uint8, as `preprocessing` leaves them.
    """
    data = recipe.data
    shrunk = preprocessing(data)
    # A shrunken photo is as wide or as high as it should be: what is left is to cut off, or fill up, the other side.
    square = data.resize == "squish"
    to_square = [] if square else [Resize(shrunk.size, method=RESIZE_METHODS[data.resize])]
    return DataBlock(
        blocks=(
            TransformBlock(type_tfms=[OpenPhoto(load_photo, square)], batch_tfms=[IntToFloatTensor]),
            CategoryBlock(vocab=classes, sort=False),
        ),
        get_items=as_items,
        get_y=lambda photo: photo.label,
        splitter=lambda items: (range(n_train), range(n_train, len(items))),
        item_tfms=[*to_square, ToTensor],
        batch_tfms=[
            *([AugmentPolicy(recipe.augment)] if recipe.augment.policy != "none" else []),
            *augmentations(recipe.augment, data.size, resize=shrunk.size != data.size),
            normalisation(),
            *([RandomErasing(recipe.augment.erasing)] if recipe.augment.erasing else []),
        ],
    )


def normalisation() -> Normalize:
    """Return the transform to pixels in -1..1, whatever the body: see `Renormalize` for what its weights know."""
    (mean, *_), (std, *_) = UNIT_RANGE  # the same for each channel, and in one number several times as fast
    return Normalize.from_stats([mean], [std], cuda=False)


def worker_count(asked: int, n_photos: int) -> int:
    """Return how many processes load photos.

    -1 asks for what suits: none where there is little to do (`n_photos`; none at all where the photos come decoded from
    the cache and the cores are busy with the network), which is done sooner than processes start again each epoch;
    otherwise as many as there are cores, 8 at most.
    """
    if sys.platform in ("darwin", "win32"):  # they start processes again, which cannot carry the DataBlock
        if asked > 0:
            log.warning(
                "training.workers = %d is ignored: on macOS and Windows, this process alone loads photos.",
                asked,
            )
        return 0
    if asked >= 0:
        return asked
    return 0 if n_photos < _FEW_PHOTOS else min(_MOST_WORKERS, available_cores())
