"""How much a training writes at most."""

from __future__ import annotations

import pandas as pd

from kfood.model.build import Classifier
from kfood.recipes.schema import Recipe
from kfood.training.checkpoint_files import KEPT

_STATES = {"sgd": 1, "rmsprop": 2, "adam": 2, "adamw": 2, "nadam": 2}  # numbers an optimizer keeps of each parameter
_ROW, _PROBABILITY = 500, 12  # bytes of a photo in the tables, and of each class in its predictions
_REST = 20 * 10**6  # bytes: log, history, pictures


def bytes_written(model: Classifier, recipe: Recipe, samples: pd.DataFrame) -> int:
    """Return how many bytes a run folder holds at most while and after `recipe` is trained on `samples`.

    These are the checkpoints kept and the one that is being written, each with the weights of the best epoch too, the
    weights of the end, and tables.
    """
    weights = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    learned = sum(each.numel() * each.element_size() for each in model.parameters() if each.requires_grad)
    checkpoint = (1 + recipe.training.restore_best) * weights + _STATES[recipe.optimizer.name] * learned
    tables = len(samples) * (_ROW + _PROBABILITY * samples["label"].nunique())
    return (KEPT + 1) * checkpoint + weights + tables + _REST
