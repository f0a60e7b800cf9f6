"""What can be wrong with a recipe that can be told before anything heavy is imported."""

from __future__ import annotations

from kfood.model.names import require_known_network
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.load import DEMO
from kfood.recipes.schema import Recipe


def look_first(recipe: Recipe) -> None:
    """Check the network's name, and where they need no photos to be looked for, the classes that have weights.

    It saves waiting for torch, timm and fastai; whatever it lets pass is checked again (`check_first`).

    Raises:
        KfoodError: timm has no such network, or a class weight is for no dish of the demo.
    """
    require_known_network(recipe.model.arch)
    if recipe.loss.class_weights and recipe.data.root == DEMO and not recipe.data.classes:
        from kfood.data.demo import demo_counts

        weights_by_number(recipe.loss.class_weights, sorted(demo_counts(recipe.data.subset)))
