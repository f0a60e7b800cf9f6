"""One training over several processes, on one machine or several, that torchrun starts: how they begin and end.

Each takes its part of every batch (`shares`), and DistributedDataParallel makes one step of them (`data_parallel`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import torch
import torch.distributed as dist
from fastai.learner import Learner

from kfood.errors import KfoodError, MachineError
from kfood.model.device import device
from kfood.model.sync_batchnorm import synchronized_batchnorm
from kfood.recipes.schema import Recipe
from kfood.system.processes import local_rank, rank, restarts, world_size
from kfood.training.callbacks.data_parallel import DataParallel, PoolMetrics
from kfood.training.shares import seed_per_rank, shared_out

# A process waits for the first one while that searches a learning rate, or saves and calibrates; on a slow disk it may
# be much later with its photos. A process that died is not found by this limit: its connections end at once.
_LONGEST_WAIT = timedelta(hours=6)
_FAILED = "kfood/failed"  # where the processes tell each other why the training ended
_TO_TELL = 10.0  # seconds: torchrun ends all when one has ended, also the one that is about to say why
_FAILURE = 2  # exit code, as of every KfoodError
_store: dist.Store | None = None


@contextmanager
def process_group() -> Iterator[None]:
    """Within it, torchrun's processes know each other (gloo, and nccl with a GPU each); nothing outside torchrun.

    What ends one of them ends all, with one sentence: the others hear of it where they next wait for it.

    Raises:
        KfoodError: there are more processes than GPUs.
        MachineError: another process died without a word.
        SystemExit: another process has told already what happened.
    """
    global _store
    if world_size() == 1:
        yield
        return
    on_gpus = device().type == "cuda"
    if on_gpus:
        _take_gpu(torch.cuda.device_count())
    kept, _, _ = next(dist.rendezvous("env://", timeout=_LONGEST_WAIT))
    _store = dist.PrefixStore(f"{restarts()}", kept)  # torchrun keeps the addresses of processes that are gone
    backend = "cpu:gloo,cuda:nccl" if on_gpus else "gloo"
    dist.init_process_group(backend, store=_store, rank=rank(), world_size=world_size(), timeout=_LONGEST_WAIT)
    try:
        yield
    except Exception as error:
        told = _tell(error)  # the process group is left as it is: to take it down could wait for the others
        if not told:
            time.sleep(_TO_TELL)
            raise SystemExit(_FAILURE) from None
        if lost := lost_process(error):
            raise MachineError(f"{lost}.") from error
        raise
    dist.destroy_process_group()
    _store = None


def _take_gpu(gpus: int) -> None:
    if local_rank() >= gpus:
        raise KfoodError(f"There are more processes than GPUs: torchrun --nproc-per-node {gpus} at most.")
    torch.cuda.set_device(local_rank())


def _tell(error: Exception) -> bool:
    """Let the other processes know what ended this one; return whether it is the first to tell."""
    mine = f"{rank()} {error or type(error).__name__}"
    try:
        return _store is None or _store.compare_set(_FAILED, "", mine) == mine.encode()
    except RuntimeError:  # it was kept by a process that is gone
        return True


def lost_process(error: BaseException) -> str | None:
    """Return, without a full stop, why another process ended, if that is what `error` comes of."""
    text = str(error)
    if world_size() == 1 or not (isinstance(error, dist.DistError) or "gloo" in text or "NCCL" in text):
        return None
    try:
        told = _store.get(_FAILED).decode() if _store and _store.check([_FAILED]) else ""
    except RuntimeError:
        told = ""
    number, _, reason = told.partition(" ")
    if not reason:
        return f"Another of the {world_size()} processes was killed, or its machine was lost"
    return f"Process {number} of {world_size()} ended: {reason.splitlines()[0].removesuffix('.')}"


def require_shares(batch_size: int) -> None:
    """Check that every process gets two photos of a batch or more.

    Raises:
        KfoodError: there are too few.
    """
    if batch_size < 2 * world_size():
        raise KfoodError(
            f"training.batch_size is {batch_size}, too few for {world_size()} processes, each of which needs two "
            "photos: choose a larger one, or fewer processes."
        )


@contextmanager
def data_parallel(learner: Learner, recipe: Recipe) -> Iterator[None]:
    """Within it, a fit is made by all processes; nothing changes where there is one."""
    if world_size() == 1:
        yield
        return
    seed_per_rank(recipe.training.seed)
    if learner.opt is None:
        learner.create_opt()  # before normalisations are of a kind that fastai does not know
    step = DataParallel(recipe.training.batch_size)
    synchronized = synchronized_batchnorm(learner.model) if recipe.training.sync_batchnorm else nullcontext()
    with shared_out(learner.dls), synchronized, learner.added_cbs([step, PoolMetrics()]):
        try:
            yield
        finally:
            step.close()
