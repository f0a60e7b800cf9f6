"""What one recipe starts from is another one, trained on the same terms."""

from __future__ import annotations

from kfood.recipes.schema import Recipe


def on_the_same_terms(before: Recipe, recipe: Recipe) -> Recipe:
    """Return the earlier recipe with this one's photos, split, size and body, and its own classes."""
    own = {"subset": before.data.subset, "classes": before.data.classes}
    body = recipe.model.model_dump(include={"arch", "pretrained", "pretrained_file"})
    return before.model_copy(
        update={
            "data": recipe.data.model_copy(update=own),
            "model": before.model.model_copy(update=body),
        }
    )
