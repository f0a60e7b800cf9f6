"""torch's optimizers for fastai's Learner.

fastai's own Adam is AdamW with other defaults, its RMSProp ignores eps, and it has no NAdam; a figure of torch's
NAdam must come from torch's NAdam.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from fastai.optimizer import OptimWrapper

from kfood.recipes.schema import Optimizer

_CLASSES = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
}
_OPTIONS = {
    "sgd": ("momentum", "nesterov"),
    "rmsprop": ("momentum", "eps"),
    "adam": ("betas", "eps"),
    "adamw": ("betas", "eps"),
    "nadam": ("betas", "eps"),
}


def optimizer_factory(optimizer: Optimizer) -> Callable[..., OptimWrapper]:
    """Return fastai's `opt_func`: given parameters and `lr`, torch's optimizer as the recipe wants it.

    Weight decay applies to every parameter, batch normalisation and biases included, as torch does: added to the
    gradient (L2), or in AdamW taken off the weights directly.
    """
    return partial(OptimWrapper, opt=_CLASSES[optimizer.name], **optimizer_options(optimizer))


def take_back(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give an optimizer the state that its `state_dict` returned; single numbers stay where they were.

    torch moves every tensor but `step` to the device and type of its parameter. NAdam's `mu_product`, a number on the
    CPU, would be one on the GPU after a resume: another way to compute, and each step waits for it.
    """
    optimizer.load_state_dict(state)
    saved: dict[int, dict[str, Any]] = state["state"]
    # As load_state_dict does: parameters are numbered in the order of their groups.
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    numbers = [number for group in state["param_groups"] for number in group["params"]]
    for number, parameter in zip(numbers, parameters, strict=True):
        for key, value in saved.get(number, {}).items():
            if isinstance(value, torch.Tensor) and value.ndim == 0:
                optimizer.state[parameter][key] = value.detach().clone()


def optimizer_options(optimizer: Optimizer) -> dict[str, Any]:
    """Return what torch's optimizer is called with, besides parameters and learning rate."""
    options = {name: getattr(optimizer, name) for name in _OPTIONS[optimizer.name]}
    return {**options, "weight_decay": optimizer.weight_decay}
