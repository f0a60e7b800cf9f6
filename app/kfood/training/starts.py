"""Which finished run a recipe may start from: one that was trained as the recipe asks, on its photos and split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kfood.data.prepare import Photos
from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.recipes.load import find_recipe, load_recipe, on_the_same_terms
from kfood.recipes.of_result import OF_PHOTOS, differing
from kfood.recipes.schema import Data, Recipe
from kfood.run.find import find_run, finished_runs
from kfood.run.folder import Run
from kfood.text import listed

Fingerprint = Callable[[Data], str]


@dataclass(frozen=True)
class Start:
    """What a recipe starts from: a finished run; or a recipe to be trained first, and why none of its runs will do."""

    run: Run | None
    recipe: Recipe
    why: str = ""


def find_start(recipe: Recipe, runs: Path, fingerprint_of: Fingerprint | None = None) -> Start | None:
    """Return what a recipe starts from; None where it starts from nothing.

    `model.start_from` is a run folder, which is taken as it is, or a recipe: then its latest finished run that was
    trained as that recipe asks, on the same photos and split, at the same size and with the same body.

    Args:
        recipe: as resolved for this training.
        runs: the folder of all runs.
        fingerprint_of: stands for the photos, labels and splits of a data section; finds them where not given.

    Raises:
        KfoodError: there is no such run or recipe, or the run that is named has another body.
    """
    source = recipe.model.start_from
    if not source:
        return None
    if named := named_run(source, recipe, runs):
        return Start(named, named.recipe)
    wanted = on_the_same_terms(load_recipe(source, data=recipe.data.root), recipe)
    fingerprint_of, why = fingerprint_of or Photos().fingerprint, ""
    for run in reversed(finished_runs(runs, find_recipe(source).stem)):
        try:
            differences = _differences(run, wanted, runs, fingerprint_of)
        except KfoodError as error:
            differences = [f"{error}"]
        if not differences:
            return Start(run, wanted)
        why = why or (
            f"{run.name} is not what {recipe.name} starts from: {listed(differences)}. To start from it all the same: "
            f"--set model.start_from={run.folder}"
        )
    return Start(None, wanted, why)


def trained_first(recipe: Recipe, runs: Path, photos: Photos) -> list[tuple[Recipe, pd.DataFrame]]:
    """Return the recipes that have to be trained before this one, in order, each with its samples.

    Args:
        recipe, runs: as in `find_start`.
        photos: remembers those that were found already.

    Raises:
        KfoodError: as `find_start` and `prepare_samples`.
    """
    start = find_start(recipe, runs, photos.fingerprint)
    if start is None or start.run:
        return []
    return [*trained_first(start.recipe, runs, photos), (start.recipe, photos.samples(start.recipe.data))]


def named_run(source: str, recipe: Recipe, runs: Path) -> Run | None:
    """Return the run whose folder `source` is; None for a recipe.

    Raises:
        KfoodError: there is no such run, or it has another body than `recipe` asks for.
    """
    folder = Path(source).expanduser()
    if not (Run(folder).recipe_file.is_file() or "/" in source) or source.endswith(".toml"):
        return None
    if not any(Run(place).recipe_file.is_file() for place in (folder, runs / folder)):
        raise KfoodError(f"there is no run {folder}; kfood runs ls lists them.")
    run = find_run(str(folder), runs)
    theirs, ours = run.recipe.model.arch, recipe.model.arch
    if timm_name(theirs) != timm_name(ours):
        raise KfoodError(
            f"{run.folder} has the body {theirs}, but this recipe says {ours}. Train with "
            f"--set model.arch={theirs}, or train {run.recipe.name} with --set model.arch={ours} first."
        )
    return run


def _differences(run: Run, wanted: Recipe, runs: Path, fingerprint_of: Fingerprint) -> list[str]:
    """Return in words how a run was trained otherwise than `wanted` would be; nothing where it is the same training."""
    found = [f"it has {key} = {value}, not {asked}" for key, value, asked in differing(run.recipe, wanted)]
    if found:
        return found
    if run.environment.get("data_fingerprint") != fingerprint_of(wanted.data):
        theirs, ours = (each.data.model_dump(include=OF_PHOTOS) for each in (run.recipe, wanted))
        other = [f"it has data.{key} = {theirs[key]}, not {ours[key]}" for key in ours if ours[key] != theirs[key]]
        return other or ["it has other photos, labels or splits"]
    before, earlier = find_start(wanted, runs, fingerprint_of), run.environment.get("started_from")
    if before is None:
        return [f"it started from {earlier} itself"] if earlier else []
    if before.run and earlier and Path(earlier) == before.run.folder.resolve():
        return []
    return [f"it started from {earlier or 'nothing'}, not from {wanted.model.start_from} as it is now"]
