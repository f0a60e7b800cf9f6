"""What can be wrong with a recipe that can be told before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kfood.model.names import require_known_network
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.schema import Recipe


def look_first(recipe: Recipe) -> None:
    """Check the network's name and, where the recipe names classes, whether the data has them.

    It saves waiting for torch, timm and fastai; whatever it lets pass is checked again (`check_first`). Folders are
    listed once more for it, and no photo is opened or drawn.

    Raises:
        KfoodError: timm has no such network, a class weight or `data.classes` is for no class of the data, or there is
            no data.
    """
    require_known_network(recipe.model.arch)
    if recipe.loss.class_weights or recipe.data.classes:
        from kfood.data.prepare import look_at_classes

        look_at_classes(recipe.data, partial(_require_weighted, recipe))


def _require_weighted(recipe: Recipe, counts: Mapping[str, int]) -> None:
    weights_by_number(recipe.loss.class_weights, sorted(counts))
