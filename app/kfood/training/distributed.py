"""One training over several processes: each takes its share of every batch, and all take the same step.

fastai's own way, DistributedDataParallel, follows neither a body that begins to learn later (`FreezeBody`) nor class
weights, whose mean is of the whole batch, and its loader needs a GPU. Here the gradients are added up before the step,
by weight: it is the step that one process would take with the whole batch, but for batch normalisation, which sees a
share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from fastai.callback.core import Callback
from fastai.learner import Learner
from fastai.torch_core import set_seed

from kfood.errors import KfoodError
from kfood.system.extras import require_extra
from kfood.system.processes import is_main_process, rank, world_size

T = TypeVar("T")


@contextmanager
def process_group() -> Iterator[None]:
    """Within it, torchrun's processes know each other (gloo, or nccl with a GPU each); nothing outside torchrun.

    Raises:
        MachineError: the extra for it is not installed.
    """
    if world_size() == 1:
        yield
        return
    require_extra("distributed", "Training with several processes")  # fastai deals photos out with accelerate
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def broadcast_from_main(say: Callable[[], T]) -> T:
    """Return what the first process says, in all of them; measurements differ, and what is decided must not."""
    if world_size() == 1:
        return say()
    said: list[Any] = [say() if is_main_process() else None]
    dist.broadcast_object_list(said)
    return said[0]


def barrier() -> None:
    """Return when all processes have come here."""
    if world_size() > 1:
        dist.barrier()


def all_reduce_max(number: int, device: torch.device) -> int:
    """Return the largest of all processes' numbers, such as of signals: one that is told to stop stops all."""
    if world_size() == 1:
        return number
    shared = torch.tensor(number, device=device)
    dist.all_reduce(shared, dist.ReduceOp.MAX)
    return int(shared.item())


def require_even_shares(batch_size: int) -> None:
    """Check that every process gets as many photos of a batch.

    Raises:
        KfoodError: it cannot be shared out evenly.
    """
    if batch_size % world_size():
        raise KfoodError(
            f"training.batch_size is {batch_size}, which {world_size()} processes cannot share out evenly: choose a "
            "multiple of their number."
        )


def seed_per_rank(seed: int) -> None:
    """Let each process augment in its own way from here on; weights and order are drawn alike in all."""
    if not is_main_process():
        set_seed(seed + rank(), reproducible=True)


@contextmanager
def sharded(learner: Learner, seed: int) -> Iterator[None]:
    """Within it, a fit is made by all processes; nothing changes where there is one."""
    if world_size() == 1:
        yield
        return
    from kfood.training.distributed_loader import ShardedDL  # needs an extra

    whole = learner.dls.loaders
    learner.dls.loaders = [ShardedDL(loader) for loader in whole]
    seed_per_rank(seed)
    try:
        with learner.added_cbs(SyncGradients()):
            yield
    finally:
        learner.dls.loaders = whole


class SyncGradients(Callback):
    """Takes the step of the whole batch in every process, and judges with one batch normalisation."""

    order = 90  # when the gradient is whole, before anything is done with it

    def before_fit(self) -> None:
        """Begin with the first process's weights, to the last bit."""
        for tensor in self.model.state_dict().values():
            dist.broadcast(tensor, 0)

    def before_step(self) -> None:
        """Make gradients and loss those of the whole batch: means of the processes', weighted as their photos are."""
        gradients = [weights.grad for weights in self.model.parameters() if weights.grad is not None]
        weight = self.loss_func.weight(*self.yb).reshape(1)
        mine = [*gradients, self.loss.detach()]
        shared = torch.cat([*(tensor.flatten() * weight for tensor in mine), weight])
        dist.all_reduce(shared)
        *parts, loss = (shared[:-1] / shared[-1]).split([tensor.numel() for tensor in mine])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
        self.learn.loss = loss.squeeze()

    def before_validate(self) -> None:
        """Take the mean of what the processes' batch normalisations have seen."""
        for buffer in self.model.buffers():
            if buffer.is_floating_point():
                dist.all_reduce(buffer)
                buffer /= world_size()
