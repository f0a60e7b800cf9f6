"""A timm network without its classifier, by the name that people give it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import timm
from torch import nn

from kfood.errors import KfoodError
from kfood.text import did_you_mean

# Names that people (and the report) use, for what timm calls otherwise.
_ALIASES = {"mobilenet_v2": "mobilenetv2_100", "mobilenetv2": "mobilenetv2_100"}


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
    name = _ALIASES.get(arch, arch)
    if not timm.is_model(name.partition(".")[0]):
        raise KfoodError(
            f'model.arch = "{arch}" is not a network that timm knows.{_nearest(arch)} '
            "The report's are resnet18, resnet34, resnet50, densenet121, efficientnet_b0, efficientnet_b1 and "
            "mobilenetv2_100."
        )
    return name


def feature_count(body: nn.Module) -> int:
    """Return the length of the vector that a body gives to the head."""
    network: Any = body  # nn.Module declares none of what timm's networks have
    return getattr(network, "head_hidden_size", None) or network.num_features


def _nearest(arch: str) -> str:
    names: Iterable[str] = timm.list_models()
    plain = re.sub(r"[^a-z0-9]", "", arch.lower())
    same = [name for name in names if name.replace("_", "") == plain]
    return f' Did you mean "{same[0]}"?' if same else did_you_mean(arch.lower(), names)
