"""Where the network looks: activation maps, of one class or of one class against another, by several methods."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import IntegratedGradients, LayerGradientXActivation, Occlusion
from timm import layers
from timm.models._efficientnet_blocks import SqueezeExcite
from torch import Tensor, nn

from kfood.errors import KfoodError, require_choice
from kfood.interpretation.map_grid import FINE
from kfood.interpretation.section import CAM, INTEGRATED_GRADIENTS, LAYERCAM, METHODS
from kfood.model.build import Classifier
from kfood.model.fold_batchnorm import fold_batchnorm

if TYPE_CHECKING:  # one photo's map costs no import of fastai
    from fastai.learner import Learner

    from kfood.data.loaders import Photo

_PARTS = 8  # of a photo's height and width, where it is occluded
_WINDOWS = (2, 4)  # parts wide and high: the photo's half tells where, the quarter where exactly
_AT_ONCE = 16  # photos whose features are kept for gradients
_STEPS = 24  # from grey to the photo, of integrated gradients
_SUMMED = 16  # cells of a side into which integrated gradients are added up
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
    learner: Learner,
    photos: list[Photo],
    targets: list[int],
    against: list[int] | None = None,
    method: str = CAM,
) -> np.ndarray:
    """Return how much each place of each photo speaks for a class, or for it and against another.

    "cam": gradient times activation (HiResCAM: Draelos and Carin 2020; by captum), summed over the channels of what
    the body sees before pooling. Behind mean pooling and one linear layer, as in the study's heads, it is the class
    activation map of Zhou et al. (2016) up to a factor, and equal to Grad-CAM.

    A transformer that pools by its class token has no such features: what a place says has gone into that token in all
    blocks. Squeeze-and-excitation and its like, as in EfficientNet-B0, tell each place the mean of all, so that the
    features of a place are no longer of that place alone. For these, and for any body without places, "cam" is
    "occlusion".

    "occlusion": windows of a half and of a quarter of the photo's height and width are made grey in turn, and the map
    is what the class loses by it (Zeiler and Fergus 2014; by captum). It takes 74 predictions of each photo.

    "layercam": as "cam", of the last stage of the body that has 7 x 7 places or more; there only gradients that speak
    for the class count (LayerCAM: Jiang et al. 2021), but with `against` all. Finer where photos are small.

    "integrated-gradients": of the photo's pixels, from grey (Sundararajan, Taly and Yan 2017; by captum). As they sum
    to what the class gains by the photo, they are added up in 16 x 16 cells.

    Args:
        learner: of a finished run; it stays as it is.
        photos: n of them.
        targets: n class numbers.
        against: n class numbers; the maps are then of the difference between the two classes' logits.
        method: one of `METHODS`.

    Returns:
        n x height x width, in cells of the method. Each map from 0 to 1; with `against` from -1 (speaks for the other
        class) to 1.

    Raises:
        KfoodError: there is no such method, or the network has no places for it.
    """
    from kfood.data.threads import prediction_loader

    model = exact(learner)
    maps, done = [], 0
    for batch, _ in prediction_loader(learner.dls, photos):
        pixels = batch.as_subclass(Tensor)
        part = slice(done, done + len(pixels))
        done = part.stop
        maps.append(maps_of_batch(model, pixels, targets[part], against and against[part], method))
    whole = torch.cat(maps) if against else torch.cat(maps).relu()
    return (whole / whole.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)).numpy()


def exact(learner: Learner) -> Classifier:
    """Return a copy of the model that computes in float32, without mirror images: a map is of the photo as shown."""
    model = copy.deepcopy(learner.model).eval().set_precision(torch.float32)
    model.hflip_tta = False
    return model.requires_grad_(True)


def maps_of_batch(
    model: Classifier, photos: Tensor, targets: list[int], against: list[int] | None = None, method: str = CAM
) -> Tensor:
    """Return n x height x width on the CPU, not scaled, of photos as the network takes them. Else as above."""
    require_choice(method, METHODS, "The method")
    wanted = torch.tensor(targets, device=photos.device)
    others = torch.tensor(against, device=photos.device) if against else None
    folded = cache(lambda: fold_batchnorm(model, photos.shape[-1]))

    def speaks(network: Classifier, batch: Tensor, of: Tensor, less: Tensor | None = None) -> Tensor:
        logits = network(batch)
        said = logits.gather(1, of[:, None])[:, 0]
        return said if less is None else said - logits.gather(1, less[:, None])[:, 0]

    maps = []
    for rows in torch.arange(len(photos), device=photos.device).split(_AT_ONCE):
        some, asked = photos[rows], tuple(each[rows] for each in (wanted, others) if each is not None)
        found = None
        if method == CAM and not _mixes_places(model.body):
            found = _by_features(model, partial(speaks, model), some, asked)
        elif method == LAYERCAM:
            found = _by_layer(model, partial(speaks, model), some, asked)
        elif method == INTEGRATED_GRADIENTS:
            found = _by_pixels(partial(speaks, model), some, asked)
        if found is None:
            found = _by_occlusion(partial(speaks, folded()), some, asked)
        maps.append(found.detach().float().cpu())
    return torch.cat(maps)


def _mixes_places(body: nn.Module) -> bool:
    """Return whether the last features of a place are of the whole photo."""
    return _by_token(body) or any(isinstance(module, _GATES) for module in body.modules())


def _by_token(body: nn.Module) -> bool:
    return getattr(body, "global_pool", None) == "token"  # what timm's transformers call a class token


def _as_grid(products: Tensor, body: nn.Module) -> Tensor | None:
    """Sum over channels and lay out tokens in height and width; None where there are no places."""
    if products.ndim == 4:
        return products.sum(3 if getattr(body, "output_fmt", "NCHW") == "NHWC" else 1)
    if products.ndim == 3:
        tokens = products.sum(2)[:, getattr(body, "num_prefix_tokens", 0) :]
        side = math.isqrt(tokens.shape[1])  # photos are squares
        return tokens.unflatten(1, (side, side)) if side**2 == tokens.shape[1] else None
    return None


def _by_features(
    model: Classifier, speaks: Callable[..., Tensor], photos: Tensor, asked: tuple[Tensor, ...]
) -> Tensor | None:
    products = LayerGradientXActivation(speaks, model.feature_map).attribute(photos, additional_forward_args=asked)
    return _as_grid(products.detach(), model.body)


def _by_layer(model: Classifier, speaks: Callable[..., Tensor], photos: Tensor, asked: tuple[Tensor, ...]) -> Tensor:
    seen: list[Tensor] = []
    handle = _fine_layer(model, photos.shape[-1]).register_forward_hook(lambda *parts: seen.append(parts[2]))
    try:
        said = speaks(photos.detach().requires_grad_(), *asked)  # of a body without weights as well
    finally:
        handle.remove()
    gradients = None
    if len(seen) == 1 and not _by_token(model.body):
        (gradients,) = torch.autograd.grad(said.sum(), seen[0], allow_unused=True)
    found = None
    if gradients is not None:
        found = _as_grid((gradients if len(asked) == 2 else gradients.relu()) * seen[0], model.body)
    if found is None:
        raise KfoodError('This network has no places for the method "layercam": take another.')
    return found


def _fine_layer(model: Classifier, side: int) -> nn.Module:
    """Return the last stage whose features have `FINE` cells or more a side; where none is known, what is pooled."""
    for stage in reversed(list(getattr(model.body, "feature_info", []))):
        if side // stage["reduction"] >= FINE and stage["module"]:
            return model.body.get_submodule(stage["module"])
    return model.feature_map


def _by_pixels(speaks: Callable[..., Tensor], photos: Tensor, asked: tuple[Tensor, ...]) -> Tensor:
    """Return n x 16 x 16."""
    gradients = IntegratedGradients(speaks).attribute(
        photos, 0.0, additional_forward_args=asked, n_steps=_STEPS, internal_batch_size=len(photos)
    )
    return F.adaptive_avg_pool2d(gradients.sum(1), min(_SUMMED, photos.shape[-1]))


def _by_occlusion(speaks: Callable[..., Tensor], photos: Tensor, asked: tuple[Tensor, ...]) -> Tensor:
    """Return n x 8 x 8: how much less a photo speaks for the class with windows about that part of it grey.

    A window of one part alone would say little: a network that has seen photos erased in part does without it.
    """
    side = math.ceil(photos.shape[-1] / _PARTS)
    step = (photos.shape[1], side, side)
    total = photos.new_zeros(())
    for width in _WINDOWS:
        window = (photos.shape[1], width * side, width * side)
        with torch.no_grad():  # 0 is grey; where windows overlap, captum takes the mean
            parts = Occlusion(speaks).attribute(photos, window, step, additional_forward_args=asked)
            total = total + parts[:, 0, ::side, ::side]
    return total
