"""What the processes of one training say to each other; outside torchrun, each says it to itself,
and torch is not imported.

Everything here is about numbers and objects on the CPU, which travel by gloo: no accelerator waits for it. Gradients
travel by torch's DistributedDataParallel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kfood.system.processes import is_main_process, rank, world_size

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


def broadcast_from_main(say: Callable[[], T]) -> T:
    """Return what the first process says, in all of them; measurements differ, and what is decided must not."""
    if world_size() == 1:
        return say()
    import torch.distributed as dist

    said: list[T] = [say()] if is_main_process() else [None]  # type: ignore[list-item]  # it is filled in
    dist.broadcast_object_list(said)
    return said[0]


def barrier() -> None:
    """Return when all processes have come here."""
    if world_size() > 1:
        all_sums(0)


def all_sums(*numbers: float) -> list[float]:
    """Return the sum of each number over all processes, in double precision."""
    return _reduced(numbers, "SUM")


def all_maxima(*numbers: float) -> list[float]:
    """Return the largest of each number over all processes."""
    return _reduced(numbers, "MAX")


def _reduced(numbers: Sequence[float], by: str) -> list[float]:
    if world_size() == 1:
        return list(numbers)
    import torch
    import torch.distributed as dist

    shared = torch.tensor(numbers, dtype=torch.float64)
    dist.all_reduce(shared, getattr(dist.ReduceOp, by))
    return shared.tolist()


def all_added_up(array: np.ndarray) -> np.ndarray:
    """Return the sum of all processes' arrays, each of the same shape; `array` may become it."""
    if world_size() > 1:
        import torch
        import torch.distributed as dist

        dist.all_reduce(torch.from_numpy(array))
    return array


def my_part(n: int) -> slice:
    """Return which of n things in a row are this process's; parts differ by one at most, and together are all."""
    return slice(n * rank() // world_size(), n * (rank() + 1) // world_size())


def gathered(mine: Sequence[T]) -> list[T]:
    """Return what all processes have, in the order of the processes."""
    if world_size() == 1:
        return list(mine)
    import torch.distributed as dist

    parts: list[Any] = [None] * world_size()
    dist.all_gather_object(parts, list(mine))
    return [each for part in parts for each in part]
