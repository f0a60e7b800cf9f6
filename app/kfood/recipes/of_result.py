"""Which settings a result depends on: two recipes that agree in those train the same, given the same photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kfood.recipes.schema import Recipe

# What a result does not depend on: where the photos lie (their contents count), and how a machine works on them.
NOT_OF_THE_RESULT: dict[str, Any] = {
    "name": True,
    "ladder": True,
    "candidates": True,  # the one that was taken is model.arch
    "portfolio": True,
    "data": {"root", "cache", "groups"},
    "training": {"workers", "checkpoint_minutes", "calibrate", "sync_batchnorm"},
    "model": {"start_from"},  # the training that it starts from counts
}
OF_PIXELS = {"size", "presize", "resize", "denoise", "cache"}  # of data: how photos are shown, not which
OF_PHOTOS = {"subset", "classes", "valid", "test", "split_seed", "per_class", "group", "fixes"}  # which, in what split


def of_result(recipe: Recipe) -> dict[str, Any]:
    """Return what the result depends on, as plain tables of numbers, texts and lists."""
    return recipe.model_dump(mode="json", exclude=NOT_OF_THE_RESULT)


def differing(recipe: Recipe, other: Recipe) -> Iterator[tuple[str, Any, Any]]:
    """Yield the key, as "training.epochs", and both values of each setting that the result depends on and that differs.

    Which photos there are and how they are split is left out, as their contents tell more (`kfood.data.fingerprint`);
    so is `training.accumulate`, which a training raises by itself where memory is small.
    """
    first, second = of_result(recipe), of_result(other)
    for section, table in first.items():
        for key, value in table.items():
            if (section == "data" and key in OF_PHOTOS) or (section, key) == ("training", "accumulate"):
                continue
            if value != second[section][key]:
                yield f"{section}.{key}", value, second[section][key]
