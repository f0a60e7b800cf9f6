"""`kfood lrfind`: the learning rate finder as a study of its own, with its curve kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from kfood.data.prepare import prepare_samples
from kfood.recipes.schema import Recipe
from kfood.run.folder import new_folder
from kfood.system.disk import require_writable
from kfood.system.files import write_csv
from kfood.training.check_first import check_classes, check_without_photos
from kfood.training.initial_weights import starting_run
from kfood.training.lr_curve import draw_lr_curve
from kfood.training.lr_range import LrRange, require_epochs, search_learning_rate
from kfood.training.train import check_recipe, train


def find_learning_rate(recipe: Recipe, runs: Path, seeds: int, iterations: int) -> tuple[LrRange, Path]:
    """Search a recipe's learning rate and keep what was found.

    Returns:
        The curves and suggestions, and the folder `<runs>/lrfind/<recipe>/<time>-<id>` that holds them as curve.png,
        curves.csv and suggestions.csv.

    Raises:
        KfoodError: as `train`.
    """
    require_epochs(recipe)
    require_writable(runs)
    check_without_photos(recipe, runs)
    prepared = prepare_samples(recipe.data, partial(check_classes, recipe))
    check_recipe(recipe, prepared.samples)
    start = starting_run(recipe, runs, partial(train, runs=runs))
    found = search_learning_rate(recipe, prepared.samples, start, seeds, iterations)
    folder = new_folder(runs / "lrfind", recipe.name)
    folder.mkdir(parents=True)
    write_csv(folder / "curves.csv", found.curves)
    write_csv(folder / "suggestions.csv", found.suggestions)
    draw_lr_curve(found.curves, found.spread(), f"{recipe.name}: {seeds} seeds", folder / "curve.png")
    return found, folder
