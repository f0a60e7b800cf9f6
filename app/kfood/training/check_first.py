"""What can be wrong with a recipe that no photo needs to be opened, or drawn, to see: told before the work begins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch

from kfood.errors import DataError, KfoodError
from kfood.model.build import build_model, freeze_stages
from kfood.model.device import device
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.load import find_recipe, load_recipe, on_the_same_terms
from kfood.recipes.schema import Model, Recipe
from kfood.run.find import finished_runs
from kfood.training.distributed import require_shares
from kfood.training.starts import named_run


def check_without_photos(recipe: Recipe, runs: Path) -> None:
    """Check a recipe's network, its size, its pretrained weights, and what it starts from.

    Args:
        recipe: as resolved for this training.
        runs: the folder of all runs, in which what it starts from is looked for.

    Raises:
        KfoodError: an unknown network, a size that it cannot take, stages that it does not have, weights that cannot
            be had or do not fit, no such device, a start that is not there or has another body.
    """
    device()  # the one that was asked for, if it is there
    require_shares(recipe.training.batch_size)
    _require_network(recipe.model, recipe.data.size)
    if recipe.model.start_from:
        try:
            _require_start(recipe, runs)
        except KfoodError as error:
            raise KfoodError(f'model.start_from = "{recipe.model.start_from}": {error}') from None


def check_classes(recipe: Recipe, counts: Mapping[str, int]) -> None:
    """Check a recipe against the classes of its photos, before these are opened.

    Args:
        recipe: of the training.
        counts: how many files each class has at most.

    Raises:
        KfoodError: a class weight is for no class, or there are fewer files than a batch.
    """
    weights_by_number(recipe.loss.class_weights, sorted(counts))
    batch_size, files = recipe.training.batch_size, sum(counts.values())
    if batch_size > files:
        raise DataError(
            f"training.batch_size is {batch_size}, but there are only {files} photos in all. Choose a smaller one, "
            f"such as --set training.batch_size={max(2, files // 8)}."
        )


@lru_cache(maxsize=256)
def _require_network(model: Model, size: int) -> None:
    """Build a network as the training will, for two classes, and throw it away."""
    with torch.random.fork_rng():
        freeze_stages(build_model(model, 2, size), model.arch, model.frozen_stages)


def _require_start(recipe: Recipe, runs: Path) -> None:
    source = recipe.model.start_from
    if named_run(source, recipe, runs):
        return
    before = on_the_same_terms(load_recipe(source, data=recipe.data.root), recipe)
    if not finished_runs(runs, find_recipe(source).stem):  # else it need not be trained
        check_without_photos(before, runs)
