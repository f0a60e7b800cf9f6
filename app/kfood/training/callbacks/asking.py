"""How several processes agree on whether to stop or to save now, without asking each other after each batch."""

from __future__ import annotations

import time
from typing import NamedTuple

from kfood.system.collectives import all_maxima
from kfood.system.processes import world_size

_SECONDS_BETWEEN = 1.0  # torchrun kills what has not stopped 30 seconds after it was told to


class Asked(NamedTuple):
    """What all processes do now: stop for this signal (0: go on), and save."""

    stop: int
    save: bool


class Asking:
    """Asks all processes together about once a second; by a count of batches, which is the same in all of them."""

    def __init__(self) -> None:
        self.batches, self.until_next, self.asked_at = 0, 1, time.monotonic()

    def now(self, stop: int, save: bool) -> Asked:
        """Return what all do after this batch.

        Args:
            stop: the signal that this process was sent; 0 for none.
            save: whether this process finds that it is time to save.
        """
        if world_size() == 1:
            return Asked(stop, save)
        self.batches += 1
        if self.batches < self.until_next:
            return Asked(0, False)
        a_batch = (time.monotonic() - self.asked_at) / self.batches
        stop_all, save_all, slowest = all_maxima(stop, save, a_batch)
        self.batches, self.asked_at = 0, time.monotonic()
        self.until_next = max(1, int(_SECONDS_BETWEEN / max(slowest, 1e-6)))
        return Asked(int(stop_all), bool(save_all))
