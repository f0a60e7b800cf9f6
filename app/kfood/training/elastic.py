"""Where torchrun starts its processes again (--max-restarts), the run that they had begun is gone on with."""

from __future__ import annotations

import os

import torch.distributed as dist

from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.system.collectives import broadcast_from_main
from kfood.system.files import content_digest
from kfood.system.processes import is_main_process, restarts, world_size


def run_before_restart(recipe: Recipe) -> Run | None:
    """Return the run that the processes before these had begun for `recipe`, in whatever state; None if there is none.

    Args:
        recipe: as it was given to `train`, before anything was chosen for it.
    """

    def ask() -> str:
        store = _store_of_torchrun()
        key = _key(recipe)
        return store.get(key).decode() if store and store.check([key]) else ""

    folder = broadcast_from_main(ask) if restarts() else ""
    return Run(folder) if folder else None


def remember_run(recipe: Recipe, run: Run) -> None:
    """Let processes that are started again after these know the run that was begun for `recipe`."""
    store = _store_of_torchrun() if is_main_process() else None
    if store:
        store.set(_key(recipe), str(run.folder))


def _store_of_torchrun() -> dist.TCPStore | None:
    """Return the store of torchrun itself, which outlives the processes that it starts."""
    if world_size() == 1 or os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return None
    return dist.TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)


def _key(recipe: Recipe) -> str:
    return f"kfood/run/{content_digest(recipe.model_dump_json().encode())}"
