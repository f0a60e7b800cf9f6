"""Long work shows itself: a bar with the time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
_SECONDS_BETWEEN_LINES = 15.0


def track(items: Iterable[T], total: int | None, doing: str) -> Iterator[T]:
    """Yield the items while showing how far the work is.

    Args:
        items: what is worked through.
        total: how many there are; None where that is not known.
        doing: a few words, such as "checking photos".
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as rich_track

        yield from rich_track(items, doing, total, console=Console(stderr=True), transient=True)
        return
    start = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES and done != total:
            last = now
            left = "" if total is None else f" of {total}, about {duration((now - start) / done * (total - done))} left"
            log.info("%s: %d%s", doing, done, left)


def duration(seconds: float) -> str:
    """Return a time in words: '8 s', '3 min 20 s', '2 h 5 min'."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
