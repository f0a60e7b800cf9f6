"""Whether this is one of several processes that make one training, as torchrun starts and numbers them."""

from __future__ import annotations

import os


def process_count() -> int:
    """Return how many processes train together; 1 outside torchrun."""
    return int(os.environ.get("WORLD_SIZE", 1))


def process_number() -> int:
    """Return this process's number among them, from 0."""
    return int(os.environ.get("RANK", 0))


def is_first() -> bool:
    """Return whether this process is the one that speaks and writes; the only one outside torchrun."""
    return process_number() == 0
