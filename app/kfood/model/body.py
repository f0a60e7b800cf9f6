"""A timm network without its classifier, by the name that people give it."""

from __future__ import annotations

from typing import Any

import timm
from timm.models._registry import get_deprecated_models
from torch import nn

from kfood.errors import KfoodError
from kfood.model.joined import JoinedBodies
from kfood.model.names import ALIASES, keep_names, unknown_network
from kfood.model.normalization import UNIT_RANGE, Normalization
from kfood.recipes.schema import JOINS


def build_body(arch: str, size: int, drop_path: float = 0, **options: Any) -> nn.Module:  # noqa: ANN401 - timm's own
    """Return a timm network without its classifier; or several as one, joined.

    Args:
        arch: its name; several have + between them.
        size: side of its photos in pixels.
        drop_path: chance, 0..1, that the last block is left out for a photo in training; less for those before it
            (stochastic depth, Huang et al. 2016).
        options: more of timm's.

    Raises:
        KfoodError: as `build_model`, or no block of the network can be left out.
    """
    if JOINS in arch:
        names = timm_name(arch).split(JOINS)
        bodies = [build_body(name, size, drop_path, **options) for name in names]
        return JoinedBodies(bodies, [_normalization(name) for name in names], size)
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
    names = timm_name(arch).split(JOINS)
    return any(timm.get_pretrained_cfg_value(name, "fixed_input_size") for name in names)


def _normalization(name: str) -> Normalization:
    known = timm.get_pretrained_cfg(name)
    return Normalization(*(tuple(getattr(known, key)) for key in Normalization._fields)) if known else UNIT_RANGE


def timm_name(arch: str) -> str:
    """Return timm's name of a network, or names with + between them.

    Raises:
        KfoodError: timm has no such network; with the nearest name.
    """
    keep_names([*timm.list_models(), *get_deprecated_models()])
    if JOINS in arch:
        return JOINS.join(timm_name(name) for name in arch.split(JOINS))
    name = ALIASES.get(arch, arch)
    if not timm.is_model(name.partition(".")[0]):
        raise unknown_network(arch, timm.list_models())
    return name
