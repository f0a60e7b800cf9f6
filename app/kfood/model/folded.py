"""A network made ready to predict only: batch normalisation folded into the convolutions before it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator

import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from kfood.model.build import Classifier

log = logging.getLogger(__name__)
_TOLERANCE = 1e-3  # of the largest logit


def folded(model: Classifier, size: int) -> Classifier:
    """Return a copy that predicts the same faster, up to rounding; in eval mode, not to be trained.

    A batch normalisation that does not learn multiplies and adds by channel, which the convolution before it can do
    itself (Jacob et al. 2018, section 3.2). Which convolution is before which normalisation is seen by running the
    network, and the copy is compared with the original: where they differ, nothing is folded.

    Args:
        model: stays as it is.
        size: side of its photos in pixels.
    """
    faster, precision = copy.deepcopy(model).eval(), model.precision
    device = next(model.parameters()).device
    photos = torch.linspace(-1, 1, 2 * 3 * size * size, device=device).sin().view(2, 3, size, size)
    with torch.no_grad():
        wanted = faster.run_in(torch.float32)(photos)
        for conv, norm in list(_pairs(faster, photos)):
            _fold(faster, conv, norm)
        got = faster(photos)
    if not torch.allclose(got, wanted, atol=_TOLERANCE * wanted.abs().max().item()):
        log.debug("Batch normalisation cannot be folded into this network.")
        return copy.deepcopy(model).eval()
    return faster.run_in(*precision)


def _pairs(model: nn.Module, photos: Tensor) -> Iterator[tuple[str, str]]:
    """Yield the names of each convolution and of the batch normalisation that takes its result."""
    maker: dict[int, tuple[str, Tensor]] = {}  # the tensors are kept, so that no two have one id
    taker: dict[str, list[str]] = {}

    def watch(name: str, module: nn.Module) -> None:
        def see(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(module, nn.Conv2d):
                maker[id(output)] = (name, output)
            elif id(inputs[0]) in maker:
                taker.setdefault(maker[id(inputs[0])][0], []).append(name)

        hooks.append(module.register_forward_hook(see))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            watch(name, module)
    model(photos)
    for hook in hooks:
        hook.remove()
    for conv, norms in taker.items():
        if len(norms) == 1:
            yield conv, norms[0]


def _fold(model: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
    fused = fuse_conv_bn_eval(conv, norm)
    conv.weight, conv.bias = fused.weight, fused.bias
    rest = nn.Sequential(norm.drop, norm.act) if isinstance(norm, BatchNormAct2d) else nn.Identity()
    parent, _, child = norm_name.rpartition(".")
    setattr(model.get_submodule(parent), child, rest)
