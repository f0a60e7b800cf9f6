"""Which photos each of several processes sees: its part of every batch, and its part of the validation photos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastai.data.core import DataLoaders, TfmdDL
from fastai.torch_core import set_seed

from kfood.system.collectives import my_part
from kfood.system.processes import is_main_process, rank, world_size


class Share(TfmdDL):
    """Mixed into a loader for as long as it deals out one process's part.

    All processes draw the whole epoch alike, with the training's seed, and each batch is cut in parts: together they
    are the batch that a single process would draw. Of validation photos each process sees other ones, each once.
    fastai's DistributedDL sends the order around, cuts the epoch, not the batch, and lets photos count twice.
    """

    whole: int  # photos of the batch that all processes take together

    def __len__(self) -> int:
        if self.drop_last:
            return self.n // self.whole
        part = my_part(self.n)
        return -(-(part.stop - part.start) // self.bs)

    def get_idxs(self) -> list[int]:
        """Return the photos of this process's part of each batch."""
        drawn = list(super().get_idxs())
        if not self.drop_last:
            return drawn[my_part(len(drawn))]
        starts = range(0, len(drawn) // self.whole * self.whole, self.whole)
        return [number for start in starts for number in drawn[start : start + self.whole][my_part(self.whole)]]


@contextmanager
def shared_out(dls: DataLoaders) -> Iterator[None]:
    """Within it, the loaders deal out this process's part."""
    before = [(loader, type(loader), loader.bs) for loader in dls]
    for loader, kind, size in before:
        part = my_part(size)
        loader.__class__ = type(f"Share{kind.__name__}", (Share, kind), {})
        loader.whole = size
        loader.bs = part.stop - part.start if loader.drop_last else max(1, size // world_size())
    try:
        yield
    finally:
        for loader, kind, size in before:
            loader.__class__, loader.bs = kind, size


def seed_per_rank(seed: int) -> None:
    """Let each process augment in its own way from here on; weights and order are drawn alike in all."""
    if not is_main_process():
        set_seed(seed + rank(), reproducible=True)
