"""What a recipe starts from: an earlier run's weights, trained first where there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file

from kfood.data.copies import contents
from kfood.errors import KfoodError
from kfood.model.build import Classifier
from kfood.model.finite import require_finite_weights
from kfood.model.saved import read_network_description
from kfood.model.weights import LoadReport, take_weights
from kfood.recipes.schema import Recipe
from kfood.run.find import trainings
from kfood.run.folder import Run
from kfood.training.starts import find_start

log = logging.getLogger(__name__)


def starting_run(recipe: Recipe, runs: Path, train: Callable[[Recipe], Run]) -> Run | None:
    """Return the run whose weights a recipe starts from, trained first where there is none; None where it has none.

    Args:
        recipe: as resolved for this training.
        runs: the folder of all runs, in which `find_start` looks for it.
        train: trains a recipe.

    Raises:
        KfoodError: there is no such run or recipe, it has another body, or it cannot be trained.
    """
    source = recipe.model.start_from
    try:
        start = find_start(recipe, runs)
    except KfoodError as error:
        raise KfoodError(f'model.start_from = "{source}": {error}') from None
    if start is None or start.run:
        return start.run if start else None
    if start.why:
        log.warning("%s", start.why)
    log.info("%s starts from %s, of which there is no such run: it is trained first.", recipe.name, source)
    try:
        run = train(start.recipe)
    except KfoodError as error:
        raise KfoodError(
            f"{source}, which {recipe.name} starts from, could not be trained: {error} Where it needs settings of its "
            f"own, train it with kfood train {source} --set …, and name its run folder as model.start_from."
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
    theirs = load_file(run.weights_file)
    require_finite_weights(theirs, str(run.weights_file))
    taken = take_weights(model, theirs, about.classes == classes, str(run.folder))
    model.set_normalization(about.normalization)
    return taken


def warn_of_leaks(run: Run, samples: pd.DataFrame) -> int:
    """Say how many test and validation photos the starting run, or one that it started from, has seen.

    Photos are compared by content, as one photo may lie in two data sets. Test photos must not have been trained on or
    chosen by, validation photos not trained on.

    Returns:
        How many test photos are seen, and how many validation photos, together.
    """
    content, leaked = contents(samples), {"test": 0, "valid": 0}
    seen = {split: set[str]() for split in ("train", "valid")}
    for each in trainings(run):
        for split in seen:
            seen[split] |= set(contents(each.samples)[(each.samples["split"] == split).to_numpy()])
    leaked["test"] = int(content[samples["split"] == "test"].isin(seen["train"] | seen["valid"]).sum())
    leaked["valid"] = int(content[samples["split"] == "valid"].isin(seen["train"]).sum())
    told = [
        f"{leaked['test']} test photos were training or validation photos of {run.name}: the test accuracy will be "
        "too good",
        f"{leaked['valid']} validation photos were training photos of {run.name}: the validation accuracy will be too "
        "good, and so will what is chosen by it seem",
    ]
    for number, words in zip(leaked.values(), told, strict=True):
        if number:
            log.warning("%s. Use the same data.split_seed, data.test and data.valid for both.", words)
    return sum(leaked.values())
