"""More workers on this machine: the same command again, in processes of their own that share its cores."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kfood.system.cores import available_cores

log = logging.getLogger(__name__)
_THREADS = "OMP_NUM_THREADS"


@contextmanager
def other_workers(workers: int) -> Iterator[None]:
    """Within it, `workers` - 1 processes do what this one was started for; they end with it.

    The cores are shared out: each process takes its part of the threads.
    """
    if workers < 2:
        yield
        return
    import torch

    threads = max(1, available_cores() // workers)
    torch.set_num_threads(threads)
    command = [sys.executable, "-m", "kfood", *_alone(sys.argv[1:])]
    environment = os.environ | {_THREADS: str(threads)}
    others = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(workers - 1)
    ]
    log.info("%d workers with %d threads each.", workers, threads)
    try:
        yield
    finally:
        for other in others:
            other.terminate()  # at its end this one has nothing left to do either; else its training is given back
        for other in others:
            other.wait()


def _alone(arguments: list[str]) -> list[str]:
    """Return a command line without --workers and --retry: a worker starts no others."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument == "--retry" or argument.startswith("--workers="):
            skip = False
        elif argument == "--workers":
            skip = True
        else:
            kept.append(argument)
    return kept
