"""Work in processes that are killed at random moments, until it is done."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

# One process imports torch and computes nothing; each piece of work is a fork of it, which begins at once.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["kfood.training.train", "kfood.reporting.page", "kfood.interpretation.interpret"])
PATIENCE = 300  # seconds, for a machine that does much else


class Work(NamedTuple):
    """What a process does: `do(*arguments)`, with its own cache; what it prints goes to a file."""

    do: Callable[..., None]
    arguments: tuple
    cache: Path
    said: Path

    def start(self) -> multiprocessing.Process:
        process = CONTEXT.Process(target=_run, args=self)
        process.start()
        return process

    def seconds(self) -> float:
        """Do it to the end and return how long it took, the imports of the process that forks left out."""
        idle = CONTEXT.Process(target=os.getpid)
        idle.start()
        idle.join(PATIENCE)
        began = time.monotonic()
        self.finish()
        return time.monotonic() - began

    def finish(self) -> None:
        process = self.start()
        process.join(PATIENCE)
        assert process.exitcode == 0, f"{process.exitcode}: {self.said.read_text()}"

    def kill_once(self, rng: random.Random, longest: float) -> bool:
        """Start it and kill it within `longest` seconds; return whether it had not come to its end."""
        process = self.start()
        process.join(rng.uniform(0, longest))
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        assert process.exitcode in (0, -signal.SIGKILL), f"{process.exitcode}: {self.said.read_text()}"
        return process.exitcode != 0

    def kill_until_done(self, rng: random.Random, longest: float, most: int) -> int:
        """Start it again and again, killing it each time, up to `most` times; return how often it was killed."""
        for killed in range(most):
            if not self.kill_once(rng, longest):
                return killed
        self.finish()
        return most


def _run(do: Callable[..., None], arguments: tuple, cache: Path, said: Path) -> None:
    os.environ["KFOOD_CACHE"] = str(cache)
    multiprocessing.set_start_method("fork", force=True)  # for loading processes, as in a process of its own
    with said.open("a", buffering=1) as file, redirect_stdout(file), redirect_stderr(file):
        do(*arguments)
