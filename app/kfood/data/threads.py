"""Photos loaded by threads, for predicting: nothing random happens, so their order of work does not matter."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import torch
from fastai.data.core import DataLoaders, TfmdDL
from torch import Tensor

from kfood.data.loaders import Photo

_LARGEST = 64  # photos a batch: larger ones predict no faster
_AHEAD = 2  # batches made ready while a GPU computes


def in_order(dls: DataLoaders, photos: list[Photo]) -> ThreadedDL:
    """Return a loader of these photos as validation photos: in their order, each once, not augmented."""
    batch_size = min(_LARGEST, dls.valid.bs)
    return dls.test_dl(photos, with_labels=True, cls=ThreadedDL, bs=batch_size, num_workers=0)


def _ahead(device: torch.device | None) -> int:
    return _AHEAD if device is not None and device.type == "cuda" else 0


class ThreadedDL(TfmdDL):
    """A DataLoader that decodes the photos of a batch in threads (Pillow decodes without holding Python's lock).

    Processes, which fastai takes, start anew in every pass, copy every photo, and compete with the network for the
    cores of a CPU. Here, on a CPU, loading and computing take turns, each with all cores; on a GPU they overlap.
    """

    def create_batches(self, samples: Iterable[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of what `samples` name, in their order."""
        ahead = _ahead(self.device)
        waiting: deque[list[Future]] = deque()
        numbers = iter(samples)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while chunk := list(islice(numbers, self.bs)):
                waiting.append([pool.submit(self.do_item, number) for number in chunk])
                if len(waiting) > ahead:
                    yield self._batch(waiting.popleft())
            while waiting:
                yield self._batch(waiting.popleft())

    def _batch(self, items: list[Future]) -> tuple[Tensor, Tensor]:
        return self.do_batch([item.result() for item in items])
