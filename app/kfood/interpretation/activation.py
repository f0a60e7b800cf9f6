"""Where the network looks: activation maps, of one class or of one class against another."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from captum.attr import LayerGradientXActivation, Occlusion
from fastai.learner import Learner
from timm import layers
from timm.models._efficientnet_blocks import SqueezeExcite
from torch import Tensor, nn

from kfood.data.loaders import Photo
from kfood.data.threads import prediction_loader
from kfood.model.build import Classifier
from kfood.model.fold_batchnorm import fold_batchnorm

_PARTS = 8  # of a photo's height and width, where it is occluded
_WINDOWS = (2, 4)  # parts wide and high: the photo's half tells where, the quarter where exactly
# Layers that let every place see the mean of all places
_GATES = (
    SqueezeExcite,
    layers.SqueezeExcite,
    layers.EffectiveSqueezeExcite,
    layers.EfficientChannelAttn,
    layers.GatherExcite,
    layers.GlobalContext,
    layers.SelectiveKernel,
    layers.SplitAttn,
    layers.NonLocalAttn,
    layers.BatNonLocalAttn,
)


def activation_maps(
    learner: Learner, photos: list[Photo], targets: list[int], against: list[int] | None = None
) -> np.ndarray:
    """Return how much each place of each photo speaks for a class, or for it and against another.

    Gradient times activation (HiResCAM: Draelos and Carin 2020; by captum), summed over the channels of what the body
    sees before pooling. Behind mean pooling and one linear layer, as in the study's heads, it is the class activation
    map of Zhou et al. (2016) up to a factor, and equal to Grad-CAM.

    A transformer that pools by its class token has no such features: what a place says has gone into that token in all
    blocks. Squeeze-and-excitation and its like, as in EfficientNet-B0, tell each place the mean of all, so that the
    features of a place are no longer of that place alone. For these, and for any body without places, windows of a
    half and of a quarter of the photo's height and width are made grey in turn, and the map is what the class loses by
    it (occlusion: Zeiler and Fergus 2014; by captum). It takes 74 predictions of each photo.

    Args:
        learner: of a finished run; it stays as it is.
        photos: n of them.
        targets: n class numbers.
        against: n class numbers; the maps are then of the difference between the two classes' logits.

    Returns:
        n x height x width, as coarse as the body's last features, or 8 x 8. Each map from 0 to 1; with `against` from
        -1 (speaks for the other class) to 1.
    """
    model = exact(learner)
    maps, done = [], 0
    for batch, _ in prediction_loader(learner.dls, photos):
        pixels = batch.as_subclass(Tensor)
        part = slice(done, done + len(pixels))
        done = part.stop
        maps.append(maps_of_batch(model, pixels, targets[part], against and against[part]))
    whole = torch.cat(maps) if against else torch.cat(maps).relu()
    return (whole / whole.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)).numpy()


def exact(learner: Learner) -> Classifier:
    """Return a copy of the model that computes in float32, without mirror images: a map is of the photo as shown."""
    model = copy.deepcopy(learner.model).eval().set_precision(torch.float32)
    model.hflip_tta = False
    return model.requires_grad_(True)


def maps_of_batch(model: Classifier, photos: Tensor, targets: list[int], against: list[int] | None = None) -> Tensor:
    """Return n x height x width on the CPU, not scaled, of photos as the network takes them. Else as above."""
    rows = torch.arange(len(photos))

    def speaks(network: Classifier, batch: Tensor) -> Tensor:
        logits = network(batch)
        return logits[rows, targets] - (logits[rows, against] if against else 0)

    found = None
    if not _mixes_places(model.body):
        products = LayerGradientXActivation(partial(speaks, model), model.feature_map).attribute(photos)
        found = _as_grid(products.detach(), model.body)
    if found is None:
        found = _by_occlusion(partial(speaks, fold_batchnorm(model, photos.shape[-1])), photos)
    return found.float().cpu()


def _mixes_places(body: nn.Module) -> bool:
    """Return whether the last features of a place are of the whole photo."""
    by_token = getattr(body, "global_pool", None) == "token"  # what timm's transformers call a class token
    return by_token or any(isinstance(module, _GATES) for module in body.modules())


def _as_grid(products: Tensor, body: nn.Module) -> Tensor | None:
    """Sum over channels and lay out tokens in height and width; None where there are no places."""
    if products.ndim == 4:
        return products.sum(3 if getattr(body, "output_fmt", "NCHW") == "NHWC" else 1)
    if products.ndim == 3:
        tokens = products.sum(2)[:, getattr(body, "num_prefix_tokens", 0) :]
        side = math.isqrt(tokens.shape[1])  # photos are squares
        return tokens.unflatten(1, (side, side)) if side**2 == tokens.shape[1] else None
    return None


def _by_occlusion(speaks: Callable[[Tensor], Tensor], photos: Tensor) -> Tensor:
    """Return n x 8 x 8: how much less a photo speaks for the class with windows about that part of it grey.

    A window of one part alone would say little: a network that has seen photos erased in part does without it.
    """
    side = math.ceil(photos.shape[-1] / _PARTS)
    step = (photos.shape[1], side, side)
    total = photos.new_zeros(())
    for width in _WINDOWS:
        window = (photos.shape[1], width * side, width * side)
        with torch.no_grad():  # 0 is grey; where windows overlap, captum takes the mean
            total = total + Occlusion(speaks).attribute(photos, window, strides=step)[:, 0, ::side, ::side]
    return total
