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


def optimizer_options(optimizer: Optimizer) -> dict[str, Any]:
    """Return what torch's optimizer is called with, besides parameters and learning rate."""
    options = {name: getattr(optimizer, name) for name in _OPTIONS[optimizer.name]}
    return {**options, "weight_decay": optimizer.weight_decay}
