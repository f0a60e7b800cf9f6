"""Ctrl-C and SIGTERM: the training stops at the next batch, with everything saved."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kfood.errors import Stopped
from kfood.system.processes import world_size

log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether a training is asked to stop.

    `requested` is the signal's number, 0 for none. While `awaited`, somebody looks at it after each batch; a second
    signal, or one at any other time, stops at once: what is on the disk is whole at all times.
    """

    def __init__(self) -> None:
        self.requested, self.awaited = 0, False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; nothing heavy happens here."""
        again = self.requested and world_size() == 1  # torchrun hands on what the terminal has sent already
        if not self.awaited or again:
            raise Stopped(number)
        self.requested = number

    @contextmanager
    def awaited_here(self) -> Iterator[None]:
        """While the block runs, the training checks `requested` after each batch."""
        self.awaited = True
        try:
            yield
        finally:
            self.awaited = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Within it, Ctrl-C and SIGTERM ask for a stop; only in the main thread, which alone hears signals."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
