"""Everything random in a training, as plain numbers, so that it can go on where it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from fastai.data.core import DataLoaders


def random_state() -> dict[str, Any]:
    """Return the states of Python's, numpy's and torch's random numbers."""
    name, keys, *rest = np.random.get_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Go back to a state that `random_state` returned."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def loader_states(dls: DataLoaders) -> list[Any]:
    """Return the states from which each of fastai's loaders shuffles and draws."""
    return [loader.rng.getstate() for loader in dls]


def set_loader_states(dls: DataLoaders, states: list[Any]) -> None:
    """Go back to states that `loader_states` returned."""
    for loader, (version, numbers, gauss) in zip(dls, states, strict=True):
        loader.rng.setstate((version, tuple(numbers), gauss))
