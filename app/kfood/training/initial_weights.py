"""What a recipe starts from: an earlier run's weights, trained first where there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file

from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.model.build import Classifier
from kfood.model.saved import read_network_description
from kfood.model.weights import LoadReport, take_weights
from kfood.recipes.load import find_recipe, load_recipe, on_the_same_terms
from kfood.recipes.schema import Recipe
from kfood.run.find import find_run, finished_runs
from kfood.run.folder import Run

log = logging.getLogger(__name__)


def starting_run(recipe: Recipe, runs: Path, train: Callable[[Recipe], Run]) -> Run | None:
    """Return the run whose weights a recipe starts from; None where it starts from none.

    `model.start_from` is a run folder, or a recipe: then its latest finished run on the same photos is taken, and
    where it has none it is trained first, on the same photos, at the same size and with the same body.

    Args:
        recipe: as resolved for this training.
        runs: the folder of all runs.
        train: trains a recipe.

    Raises:
        KfoodError: there is no such run or recipe, it has another body, or it cannot be trained.
    """
    source = recipe.model.start_from
    if not source:
        return None
    try:
        run = _existing_run(source, recipe, runs)
        before = None if run else load_recipe(source, data=recipe.data.root)
    except KfoodError as error:
        raise KfoodError(f'model.start_from = "{source}": {error}') from None
    if before is None:
        return run
    log.info("%s starts from %s, which has no finished run on these photos: it is trained first.", recipe.name, source)
    try:
        run = train(on_the_same_terms(before, recipe))
    except KfoodError as error:
        raise KfoodError(
            f"{source}, which {recipe.name} starts from, could not be trained: {error} It has settings of its own: "
            f"train it first with kfood train {source} --set …"
        ) from None
    log.info("%s is trained; now %s.", source, recipe.name)
    return run


def init_from_run(model: Classifier, run: Run, classes: list[str]) -> LoadReport:
    """Load a run's weights into `model` and return what was taken and what is new.

    Raises:
        KfoodError: the bodies differ, or the run's files are damaged.
    """
    run.verify(run.weights_file, run.model_file)
    about = read_network_description(run.model_file)
    taken = take_weights(model, load_file(run.weights_file), about.classes == classes, str(run.folder))
    model.set_normalization(about.normalization)
    return taken


def warn_of_leaks(run: Run, samples: pd.DataFrame) -> int:
    """Say how many of this training's test photos the starting run has trained on or chosen by; return it."""
    seen = run.samples.loc[run.samples["split"] != "test", "path"]
    leaked = int(samples.loc[samples["split"] == "test", "path"].isin(seen).sum())
    if leaked:
        log.warning(
            "%d test photos were training or validation photos of %s: the test accuracy will be too good. Use the "
            "same data.split_seed, data.test and data.valid for both.",
            leaked,
            run.name,
        )
    return leaked


def _existing_run(source: str, recipe: Recipe, runs: Path) -> Run | None:
    """Return the run that `source` means; None for a recipe that has none on these photos yet."""
    folder = Path(source).expanduser()
    if Run(folder).recipe_file.is_file() or "/" in source:
        if not any(Run(place).recipe_file.is_file() for place in (folder, runs / folder)):
            raise KfoodError(f"there is no run {folder}; kfood runs ls lists them.")
        run = find_run(str(folder), runs)
        _require_same_body(run, recipe)
        return run
    name = find_recipe(source).stem
    on_these_photos = [run for run in finished_runs(runs, name) if run.recipe.data.root == recipe.data.root]
    fitting = [run for run in on_these_photos if _same_body(run, recipe)]
    if on_these_photos and not fitting:
        _require_same_body(on_these_photos[-1], recipe)
    return fitting[-1] if fitting else None


def _same_body(run: Run, recipe: Recipe) -> bool:
    return timm_name(run.recipe.model.arch) == timm_name(recipe.model.arch)


def _require_same_body(run: Run, recipe: Recipe) -> None:
    if not _same_body(run, recipe):
        theirs, ours = run.recipe.model.arch, recipe.model.arch
        raise KfoodError(
            f"{run.folder} has the body {theirs}, but this recipe says {ours}. Train with "
            f"--set model.arch={theirs}, or train {run.recipe.name} with --set model.arch={ours} first."
        )
