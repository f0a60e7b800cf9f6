"""A training among others, such as of a study: found, gone on with, or begun."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from kfood.errors import MachineError
from kfood.run.folder import DONE, RUNNING, Run
from kfood.training.stop import Stop
from kfood.training.train import resume


def ensure_trained(folder: Path, begin: Callable[[], Run], stop: Stop | None = None) -> Run:
    """Return the finished run that a folder holds; one that was stopped goes on, and where there is none, `begin` does.

    Raises:
        MachineError: another process is training it.
        KfoodError: as `resume`, or as `begin`.
        Stopped: it was asked to.
    """
    run = Run(folder)
    if run.recipe_file.exists():
        if run.status == RUNNING:
            raise MachineError(f"{folder} is being trained by another process: let that one end first.")
        return run if run.status == DONE else resume(run, stop)
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed before it had begun
    return begin()
