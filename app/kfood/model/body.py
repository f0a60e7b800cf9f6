"""A timm network without its classifier, by the name that people give it."""

from __future__ import annotations

from typing import Any

import timm
from timm.models._registry import get_deprecated_models
from torch import nn

from kfood.errors import KfoodError
from kfood.model.names import ALIASES, keep_names, unknown_network


def build_body(arch: str, size: int, drop_path: float = 0, **options: Any) -> nn.Module:  # noqa: ANN401 - timm's own
    """Return a timm network without its classifier.

    Args:
        arch: its name.
        size: side of its photos in pixels.
        drop_path: chance, 0..1, that the last block is left out for a photo in training; less for those before it
            (stochastic depth, Huang et al. 2016).
        options: more of timm's.

    Raises:
        KfoodError: as `build_model`, or no block of the network can be left out.
    """
    if drop_path:
        options["drop_path_rate"] = drop_path
    if made_for_one_size(arch):
        options["img_size"] = size
    try:
        return timm.create_model(timm_name(arch), num_classes=0, **options)
    except TypeError as error:
        if not drop_path or "drop_path_rate" not in str(error):
            raise
        raise KfoodError(
            f"model.drop_path is {drop_path:g}, but no block of {arch} can be left out: set it to 0."
        ) from None


def made_for_one_size(arch: str) -> bool:
    """Return whether a network must know the size of its photos when it is made, as most transformers."""
    return bool(timm.get_pretrained_cfg_value(timm_name(arch), "fixed_input_size"))


def timm_name(arch: str) -> str:
    """Return timm's name of a network. Raises KfoodError, with the nearest name, where timm has none."""
    keep_names([*timm.list_models(), *get_deprecated_models()])
    name = ALIASES.get(arch, arch)
    if not timm.is_model(name.partition(".")[0]):
        raise unknown_network(arch, timm.list_models())
    return name


def feature_count(body: nn.Module) -> int:
    """Return the length of the vector that a body gives to the head."""
    network: Any = body  # nn.Module declares none of what timm's networks have
    return getattr(network, "head_hidden_size", None) or network.num_features
