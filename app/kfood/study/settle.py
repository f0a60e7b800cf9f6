"""A row's recipe: the study's recipe with layers of changes over it."""

from __future__ import annotations

from functools import reduce

from kfood.recipes.load import merged, with_changes
from kfood.recipes.schema import Recipe
from kfood.study.schema import Changes, Table


def resolved(base: Recipe, source: str, *layers: Changes) -> Recipe:
    """Return the recipe with the layers merged over it, the last on top; `source` names them where they are wrong.

    Raises:
        KfoodError: they say what a recipe cannot say.
    """
    return with_changes(base, reduce(merged, layers, {}), source)


def kept_change(table: Table) -> Changes:
    """Return what the report carried on from a table: its kept row's change, or nothing."""
    return next((row.change for row in table.rows if row.kept), {})


def fewer_epochs(recipe: Recipe, share: float) -> Recipe:
    """Return the recipe with a share of its epochs (0 to 1], and of what is told in epochs: its schedule's steps.

    A cosine over all epochs and early stopping stay as they are.
    """
    epochs = max(1, round(recipe.training.epochs * share)) if recipe.training.epochs else 0
    schedule = recipe.schedule
    steps = {
        key: max(1, round(getattr(schedule, key) * share)) for key in ("step_size", "period") if getattr(schedule, key)
    }
    return recipe.model_copy(
        update={
            "training": recipe.training.model_copy(update={"epochs": epochs}),
            "schedule": schedule.model_copy(update=steps),
        }
    )
