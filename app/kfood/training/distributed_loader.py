"""What one of several processes sees of the photos: its part of each batch. Needs the extra `distributed`."""

from __future__ import annotations

from copy import copy
from typing import Any

from fastai.data.core import TfmdDL
from fastai.distributed import DistributedDL

from kfood.system.processes import rank, world_size


class ShardedDL(DistributedDL):
    """A loader of this process's share: every batch is the one that a single process would draw, cut in equal parts.

    All processes shuffle alike, with the training's seed; fastai's own loader sends the order around instead, which it
    can with GPUs only, and cuts the epoch, not the batch. Of validation photos up to one a process may count twice.

    Args:
        dl: of whole batches.
    """

    def __init__(self, dl: TfmdDL) -> None:
        share = copy(dl)
        share.bs = max(1, dl.bs // world_size())
        super().__init__(share, rank(), world_size())

    @property
    def rng(self) -> Any:  # noqa: ANN401 - of fastai's loader
        """What it shuffles with."""
        return self.dl.rng

    @rng.setter
    def rng(self, state: Any) -> None:  # noqa: ANN401
        self.dl.rng = state

    def __len__(self) -> int:
        if not self.dl.drop_last:
            return super().__len__()
        return self.dl.n // (self.bs * self.world_size)

    def get_idxs(self) -> list[int]:
        """Return the photos of this process's part of each batch."""
        if not self.dl.drop_last:
            return super().get_idxs()
        drawn = self.dl.get_idxs()
        whole = self.bs * self.world_size
        starts = range(self.rank * self.bs, len(drawn) // whole * whole, whole)
        return [number for start in starts for number in drawn[start : start + self.bs]]

    def _broadcast(self, numbers: list[int], rank: int) -> list[int]:
        return numbers  # the same in all processes
