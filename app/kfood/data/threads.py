"""Photos loaded by threads, for predicting: nothing random happens, so their order of work does not matter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch
from fastai.data.core import DataLoaders, Datasets, TfmdDL
from fastai.torch_core import TensorCategory
from fastai.vision.core import TensorImage
from torch import Tensor

from kfood.data.loaders import OpenPhoto, Photo
from kfood.system.cores import available_cores

_LARGEST = 64  # photos a batch: larger ones predict no faster
_AHEAD = 2  # batches made ready while a GPU computes


def prediction_loader(dls: DataLoaders, photos: list[Photo]) -> ThreadedDL:
    """Return a loader of these photos as validation photos: in their order, each once, not augmented."""
    kind = ThreadedSquaresDL if _opening(dls.valid_ds).square else ThreadedDL
    return dls.test_dl(photos, with_labels=True, cls=kind, bs=min(_LARGEST, dls.valid.bs), num_workers=0)


def _opening(photos: Datasets) -> OpenPhoto:
    return next(transform for transform in photos.tls[0].tfms if isinstance(transform, OpenPhoto))


def _ahead(device: torch.device | None) -> int:
    return _AHEAD if device is not None and device.type == "cuda" else 0


class ThreadedDL(TfmdDL):
    """A DataLoader that decodes the photos of a batch in threads (Pillow decodes without holding Python's lock).

    Processes, which fastai takes, start again in every pass, copy every photo, and compete with the network for the
    cores of a CPU. Here, on a CPU, loading and computing take turns, each with all cores; on a GPU they overlap.
    """

    def create_batches(self, samples: Iterable[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of what `samples` name, in their order."""
        ahead = _ahead(self.device)
        waiting: deque[list[Future[Any]]] = deque()
        numbers = iter(samples)
        with ThreadPoolExecutor(available_cores()) as pool:
            while chunk := list(islice(numbers, self.bs)):
                waiting.append([pool.submit(self.do_item, number) for number in chunk])
                if len(waiting) > ahead:
                    yield self._batch(waiting.popleft())
            while waiting:
                yield self._batch(waiting.popleft())

    def _batch(self, items: list[Future[Any]]) -> tuple[Tensor, Tensor]:
        return self.do_batch([item.result() for item in items])


class ThreadedSquaresDL(ThreadedDL):
    """The same of photos that are squares as they are opened: no steps of fastai's for each, but one for the batch.

    Those steps hold Python's lock, so that they count for all cores; without them, 640-pixel photos load 1.3 x as fast.
    """

    @cached_property
    def load_photo(self) -> Callable[[Photo], np.ndarray]:
        """What gives a photo's pixels."""
        return _opening(self.dataset).load

    def do_item(self, number: int) -> tuple[np.ndarray, int]:
        """Return a photo's pixels, height x width x 3, uint8, and its class number."""
        photo = self.dataset.items[number]
        return self.load_photo(photo), self.dataset.vocab.o2i[photo.label]

    def do_batch(self, items: list[tuple[np.ndarray, int]]) -> tuple[TensorImage, TensorCategory]:
        """Return pixels, n x 3 x height x width, uint8, and class numbers."""
        photos, labels = zip(*items, strict=True)
        return TensorImage(torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)), TensorCategory(labels)
