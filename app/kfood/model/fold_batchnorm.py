"""A network made ready to predict only: convolutions do what comes right after them, too."""

from __future__ import annotations

import copy
import logging
from typing import Any, TypeVar

import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from kfood.model.build import Classifier
from kfood.model.cascade import Cascade
from kfood.model.fused import FusedConv, can_fuse

Network = TypeVar("Network", bound=Classifier | Cascade)
log = logging.getLogger(__name__)
_TOLERANCE = 1e-3  # of the largest logit


def fold_batchnorm(model: Network, size: int) -> Network:
    """Return a copy that predicts the same faster, up to rounding; in eval mode, not to be trained.

    A batch normalisation that does not learn multiplies and adds by channel, which the convolution before it can do
    itself (Jacob et al. 2018, section 3.2). Which convolution is before which normalisation is seen by running the
    network, and the copy is compared with the original: where they differ, nothing is folded. On a CPU the activation
    after them is made one step with the convolution (`FusedConv`).

    Args:
        model: stays as it is.
        size: side of its photos in pixels.
    """
    faster, precision = copy.deepcopy(model), model.precision
    faster.eval()
    device = next(model.parameters()).device
    photos = torch.linspace(-1, 1, 2 * 3 * size * size, device=device).sin().view(2, 3, size, size)
    with torch.no_grad():
        wanted, pairs = _watched(faster.set_precision(torch.float32), photos)
        for conv, norm in pairs:
            _fold(faster, conv, norm, precision.predicting)
        got = faster(photos)
    if not torch.allclose(got, wanted, atol=_TOLERANCE * wanted.abs().max().item()):
        log.debug("Batch normalisation cannot be folded into this network.")
        faster = copy.deepcopy(model)
        faster.eval()
        return faster
    faster.set_precision(*precision)
    return faster


def _watched(model: nn.Module, photos: Tensor) -> tuple[Tensor, list[tuple[str, str]]]:
    """Return what a model predicts, and the names of each convolution and the batch normalisation after it."""
    maker: dict[int, tuple[str, Tensor]] = {}  # the tensors are kept, so that no two have one id
    takers: dict[str, set[str]] = {}  # a set, as a network that mirrors its photos runs twice

    def watch(name: str, module: nn.Module) -> None:
        def see(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(module, nn.Conv2d):
                maker[id(output)] = (name, output)
            elif id(inputs[0]) in maker:
                takers.setdefault(maker[id(inputs[0])][0], set()).add(name)

        hooks.append(module.register_forward_hook(see))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            watch(name, module)
    predicted = model(photos)
    for hook in hooks:
        hook.remove()
    return predicted, [(conv, norms.pop()) for conv, norms in takers.items() if len(norms) == 1]


def _fold(model: nn.Module, conv_name: str, norm_name: str, kind: torch.dtype) -> None:
    conv: Any = model.get_submodule(conv_name)
    norm: Any = model.get_submodule(norm_name)
    statistics = (norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
    conv.weight, conv.bias = fuse_conv_bn_weights(conv.weight, conv.bias, *statistics)
    # timm's normalisation has the activation in it; its dropout does nothing in a prediction.
    rest = norm.act if isinstance(norm, BatchNormAct2d) else nn.Identity()
    if can_fuse(conv, rest, kind):
        model.set_submodule(conv_name, FusedConv(conv, rest))
        rest = nn.Identity()
    model.set_submodule(norm_name, rest)
