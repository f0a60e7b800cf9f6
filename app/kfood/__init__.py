"""kfood trains, compares and explains classifiers of Korean dishes, with fastai.

    import kfood
    run = kfood.train("mission3", data="photos")
    run.metrics["test"]["accuracy"], run.history, run.predictions, run.learner

Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kfood.recipes.schema import Recipe
    from kfood.run.folder import Run

__all__ = ["load_run", "recipe", "runs", "train"]


def recipe(name: str, *settings: str, data: str | Path | None = None) -> Recipe:
    """Return a recipe by name or path, with settings such as "training.epochs=5".

    Raises:
        KfoodError: there is no such recipe, or a setting is wrong.
    """
    from kfood.recipes.load import load_recipe

    return load_recipe(name, settings, str(data) if data else None)


def train(what: Recipe | str, *settings: str, data: str | Path | None = None, runs: str | Path | None = None) -> Run:
    """Train a recipe (or the recipe of that name, with settings) and return its finished run.

    Args:
        what: what `recipe` returned, or a name for it.
        settings: as in `recipe`; only with a name.
        data: a folder, a CSV or "demo"; only with a name.
        runs: the folder of all runs; `runs` in the current folder where not given.

    Raises:
        KfoodError: something about the recipe or the photos has to be put right.
    """
    from kfood.errors import KfoodError
    from kfood.system import logs
    from kfood.training.train import train as train_recipe

    if isinstance(what, str):
        what = recipe(what, *settings, data=data)
    elif settings or data:
        raise KfoodError("Settings and data go with a recipe's name: kfood.recipe(name, *settings, data=…).")
    with logs.shown():
        return train_recipe(what, Path(runs) if runs else None)


def runs(folder: str | Path | None = None) -> list[Run]:
    """Return all runs, oldest first."""
    from kfood.run.find import all_runs
    from kfood.system.paths import runs_folder

    return all_runs(Path(folder) if folder else runs_folder())


def load_run(name: str | None = None, folder: str | Path | None = None) -> Run:
    """Return a finished run by folder, name or recipe; the latest where no name is given.

    Raises:
        KfoodError: there is none.
    """
    from kfood.run.find import find_run
    from kfood.system.paths import runs_folder

    return find_run(name, Path(folder) if folder else runs_folder())
