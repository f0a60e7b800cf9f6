"""Batches out of the cache, all photos of a batch at once; on a GPU with room for them, without leaving it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from fastai.data.core import Datasets, TfmdDL
from fastai.torch_core import TensorCategory
from fastai.vision.core import TensorImage
from torch import Tensor

from kfood.data.pixels import PixelCache, photo_key
from kfood.data.sampling import SeededWeightedDL

_SHARE_OF_GPU = 0.25  # of the memory that is free on it, for pixels
_AT_ONCE = 1024  # photos that move to it


class CachedDL(TfmdDL):
    """A loader of photos that all lie in the cache, each of the same square.

    fastai makes an image and a tensor of each photo and then joins them, which for small photos takes longer than a GPU
    needs to train on them. Batches, random numbers and what is done to a batch afterwards are the same here.

    Args:
        pixels: the cache.
    """

    def __init__(self, *args: Any, pixels: PixelCache, **kwargs: Any) -> None:  # noqa: ANN401 - fastai's own
        self.pixels = pixels
        super().__init__(*args, **kwargs)

    def new(self, dataset: Any = None, cls: type | None = None, **kwargs: Any) -> TfmdDL:  # noqa: ANN401
        """Return a loader like this one, as fastai's `new`; a plain one for photos without labels, or not cached."""
        if cls is None and dataset is not None and not self._serves(dataset):
            cls = TfmdDL
        own = {} if cls else {"pixels": self.pixels}
        return super().new(dataset, cls, **{**own, **kwargs})

    def _serves(self, dataset: Datasets) -> bool:
        keys = pd.Series([photo_key(photo.digest, photo.area) for photo in dataset.items])
        return len(dataset.tls) > 1 and bool(self.pixels.has(keys).all())

    @cached_property
    def places(self) -> np.ndarray:
        """Where each photo lies in the cache."""
        return self.pixels.places([photo_key(photo.digest, photo.area) for photo in self.dataset.items])

    @cached_property
    def labels(self) -> Tensor:
        """Class numbers, on the device."""
        numbers = [self.dataset.vocab.o2i[photo.label] for photo in self.dataset.items]
        return torch.tensor(numbers, device=self.device)

    @cached_property
    def on_gpu(self) -> Tensor | None:
        """All photos on the GPU, n x height x width x 3, uint8; None where there is none, or no room."""
        if self.device is None or self.device.type != "cuda":
            return None
        shape = (len(self.places), *self.pixels.gather(self.places[:1]).shape[1:])
        if np.prod(shape) > _SHARE_OF_GPU * torch.cuda.mem_get_info(self.device)[0]:
            return None
        photos = torch.empty(shape, dtype=torch.uint8, device=self.device)
        for start in range(0, len(photos), _AT_ONCE):
            part = self.places[start : start + _AT_ONCE]
            photos[start : start + len(part)] = torch.from_numpy(self.pixels.gather(part))
        return photos

    def do_item(self, number: int | None) -> int:
        """Return the photo's number; `create_batch` looks it up."""
        return number or 0

    def create_batch(self, numbers: list[int]) -> tuple[TensorImage, TensorCategory]:
        """Return pixels, n x 3 x height x width, uint8, and class numbers."""
        if self.on_gpu is None:
            photos = torch.from_numpy(self.pixels.gather(self.places[numbers]))
        else:
            photos = self.on_gpu[torch.tensor(numbers, device=self.device)]
        return TensorImage(photos.permute(0, 3, 1, 2)), TensorCategory(self.labels[numbers])

    def retain(self, batch: tuple[Tensor, Tensor], numbers: list[int]) -> tuple[Tensor, Tensor]:
        """Leave the types as they are."""
        return batch


class CachedWeightedDL(CachedDL, SeededWeightedDL):
    """The same with photos drawn by weight."""
