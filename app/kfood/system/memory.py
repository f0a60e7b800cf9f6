"""Memory: kept from batch to batch, and what to do when there is too little."""

from __future__ import annotations

import ctypes
import gc
import re
import sys
from collections.abc import Callable

import torch
from torch import Tensor

# What torch's own allocator says, the system to who maps a file, and oneDNN when it finds no room for a convolution;
# then Apple's and other GPUs, and NVIDIA's libraries, whose first handle or workspace finds no room.
_WORDS = (
    "DefaultCPUAllocator",
    "not enough memory",
    "Cannot allocate memory",
    "bad_alloc",
    "bad allocation",
    "could not create a primitive",
    "out of memory",
    "Invalid buffer size",
    "STATUS_ALLOC_FAILED",
    "ALLOCATION_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_NOT_INITIALIZED",
    "unable to find an engine to execute this computation",
    "cudaErrorMemoryAllocation",
    "OutOfMemory",
)
_TOLD = re.compile("|".join(map(re.escape, _WORDS)), re.IGNORECASE)
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # mallopt's names for its parameters, from malloc.h


def keep_freed_memory() -> bool:
    """Let glibc reuse freed blocks for the next batch; return whether it could be told so.

    glibc gives large blocks back to the system as soon as they are freed and asks for them again in each batch; the
    system must then clear every page, which took up to half of the time of a training on a CPU. Memory in use grows
    no higher by it, but shrinks only when the process ends. Other C libraries are left alone.
    """
    mallopt = _libc("mallopt")
    return bool(mallopt and mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2**31 - 1))


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception of torch's means that memory ran out, on a GPU or in the computer."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(_TOLD.search(str(error)))


def free_memory() -> None:
    """Give back what nothing refers to any longer."""
    gc.collect()
    if trim := _libc("malloc_trim"):
        trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def by_halves(compute: Callable[[Tensor], Tensor], photos: Tensor) -> Tensor:
    """Return what is computed of photos, a row each; where memory runs out, of one half after the other.

    Args:
        compute: takes any number of photos, and computes each by itself.
        photos: one or more.

    Raises:
        RuntimeError, MemoryError: the memory is too small for a single photo.
    """
    try:
        return compute(photos)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error) or len(photos) < 2:
            raise
    free_memory()
    return torch.cat([by_halves(compute, half) for half in photos.tensor_split(2)])


def _libc(name: str) -> Callable[..., int] | None:
    """Return a function of the C library, where it has it."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
