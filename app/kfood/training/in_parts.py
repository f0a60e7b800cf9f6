"""Where memory runs out: the same batches in more parts."""

from __future__ import annotations

import logging

from kfood.recipes.schema import Recipe
from kfood.system.memory import is_out_of_memory
from kfood.system.processes import world_size

log = logging.getLogger(__name__)


def in_more_parts(recipe: Recipe, error: Exception) -> Recipe:
    """Return the recipe with batches that go through the network in twice as many parts, and say so.

    Args:
        recipe: of what ran out of memory.
        error: what was raised. It is raised again where it means something else, where parts would be of less than two
            photos, and among several processes, as the others do not know of it.
    """
    batch_size, parts = recipe.training.batch_size, 2 * recipe.training.accumulate
    if not is_out_of_memory(error) or batch_size < 2 * parts or world_size() > 1:
        raise error
    log.warning(
        "The memory is too small for %d photos at a time: each batch of %d now goes through the network in %d parts "
        "(training.accumulate), and the training begins again.",
        batch_size // (parts // 2),
        batch_size,
        parts,
    )
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"accumulate": parts})})
