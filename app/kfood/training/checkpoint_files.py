"""Checkpoints on disk: whole or not at all, checked when read, and without code in them."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from kfood.model.build import Classifier
from kfood.recipes.schema import Recipe
from kfood.system.files import content_digest, write_whole

log = logging.getLogger(__name__)
KEPT = 2
State = dict[str, Any]


def save_checkpoint(state: State, folder: Path) -> Path:
    """Write a state, name it after how far it is and what it holds, and drop all but the last two; return its path.

    Args:
        state: tensors, numbers, texts and containers of them, with `epoch` and `batch`.
        folder: of the checkpoints.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    path = folder / f"{state['epoch']:05}-{state['batch']:07}-{content_digest(content)}.pt"
    write_whole(path, lambda partial: partial.write_bytes(content))
    for old in _checkpoints(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def load_checkpoint(folder: Path) -> State | None:
    """Return the latest state that is whole; None where there is none. What is damaged is named and passed over."""
    for path in reversed(_checkpoints(folder)):
        try:
            content = path.read_bytes()
            if content_digest(content) != path.stem.rpartition("-")[2]:
                raise ValueError("its content is not what was written")
            # weights_only: nothing but tensors, numbers and containers is made of it, whoever wrote it
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except Exception as error:  # torch and pickle raise kinds of their own
            log.warning("The checkpoint %s is passed over: %s", path, str(error).splitlines()[0])
    return None


def drop_checkpoints(folder: Path) -> None:
    """Remove all states, of a training that is done or starts over, and what a killed process had half written."""
    for path in [*_checkpoints(folder), *folder.glob(".*.partial")]:
        path.unlink(missing_ok=True)


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-*-*.pt"))


_STATES = {"sgd": 1, "rmsprop": 2, "adam": 2, "adamw": 2, "nadam": 2}  # numbers an optimizer keeps of each parameter
_ROW, _PROBABILITY = 500, 12  # bytes of a photo in the tables, and of each class in its predictions
_REST = 20 * 10**6  # bytes: log, history, pictures


def disk_estimate(model: Classifier, recipe: Recipe, samples: pd.DataFrame) -> int:
    """Return how many bytes a run folder holds at most while and after `recipe` is trained on `samples`.

    These are the checkpoints kept and the one that is being written, each with the weights of the best epoch too, the
    weights of the end, and tables.
    """
    weights = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    learned = sum(each.numel() * each.element_size() for each in model.parameters() if each.requires_grad)
    checkpoint = (1 + recipe.training.restore_best) * weights + _STATES[recipe.optimizer.name] * learned
    tables = len(samples) * (_ROW + _PROBABILITY * samples["label"].nunique())
    return (KEPT + 1) * checkpoint + weights + tables + _REST
