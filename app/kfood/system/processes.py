"""Whether this is one of several processes that make one training, as torchrun starts and numbers them."""

from __future__ import annotations

import os


def world_size() -> int:
    """Return how many processes train together; 1 outside torchrun."""
    return int(os.environ.get("WORLD_SIZE", 1))


def rank() -> int:
    """Return this process's number among them, from 0."""
    return int(os.environ.get("RANK", 0))


def local_rank() -> int:
    """Return this process's number among those of its machine, from 0: that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


def is_main_process() -> bool:
    """Return whether this process is the one that speaks and writes; the only one outside torchrun."""
    return rank() == 0


def restarts() -> int:
    """Return how often torchrun has started the processes again; 0 outside torchrun."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
