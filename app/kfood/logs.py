"""What kfood says while it works: plain lines on stdout, and the same lines in a run's log.txt."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KFOOD = logging.getLogger("kfood")


@contextmanager
def shown() -> Iterator[None]:
    """Print kfood's messages on stdout, unless somebody already listens to them."""
    if _KFOOD.handlers:
        yield
        return
    with _listening(logging.StreamHandler(sys.stdout)):
        yield


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """Append kfood's messages, with the time, to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    with _listening(handler):
        yield


@contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    before = _KFOOD.level
    _KFOOD.setLevel(logging.INFO)
    _KFOOD.addHandler(handler)
    try:
        yield
    finally:
        _KFOOD.removeHandler(handler)
        _KFOOD.setLevel(before)
        handler.close()
