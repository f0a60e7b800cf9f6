"""Where the network looks: activation maps, of one class or of one class against another."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from captum.attr import LayerGradientXActivation
from fastai.learner import Learner
from torch import Tensor, nn

from kfood.data.loaders import Photo
from kfood.data.threads import in_order
from kfood.errors import KfoodError
from kfood.model.build import Classifier


def activation_maps(
    learner: Learner, photos: list[Photo], targets: list[int], against: list[int] | None = None
) -> np.ndarray:
    """Return how much each place of each photo speaks for a class, or for it and against another.

    Gradient times activation (HiResCAM: Draelos and Carin 2020; by captum), summed over the channels of what the body
    sees before pooling. Behind mean pooling and one linear layer, as in the study's heads, it is the class activation
    map of Zhou et al. (2016) up to a factor, and equal to Grad-CAM. Where a transformer pools by its class token,
    the last block's input is looked at, because its own output at other tokens decides nothing.

    Args:
        learner: of a finished run; it stays as it is.
        photos: n of them.
        targets: n class numbers.
        against: n class numbers; the maps are then of the difference between the two classes' logits.

    Returns:
        n x height x width, as coarse as the body's last features. Each map from 0 to 1; with `against` from -1 (speaks
        for the other class) to 1.

    Raises:
        KfoodError: the body's features have no height and width.
    """
    model = exact(learner)
    maps, done = [], 0
    for batch, _ in in_order(learner.dls, photos):
        pixels = batch.as_subclass(Tensor)
        part = slice(done, done + len(pixels))
        done = part.stop
        maps.append(maps_of_batch(model, pixels, targets[part], against and against[part]))
    whole = torch.cat(maps) if against else torch.cat(maps).relu()
    return (whole / whole.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)).numpy()


def exact(learner: Learner) -> Classifier:
    """Return a copy of the model that computes in float32, without mirror images: a map is of the photo as shown."""
    model = copy.deepcopy(learner.model).eval().run_in(torch.float32)
    model.mirror = False
    return model.requires_grad_(True)


def maps_of_batch(model: Classifier, photos: Tensor, targets: list[int], against: list[int] | None = None) -> Tensor:
    """Return n x height x width on the CPU, not scaled, of photos as the network takes them. Else as above."""
    rows = torch.arange(len(photos))

    def speaks(batch: Tensor) -> Tensor:
        logits = model(batch)
        return logits[rows, targets] - (logits[rows, against] if against else 0)

    products = LayerGradientXActivation(speaks, _layer(model)).attribute(photos)
    return _as_grid(products.detach(), model.body).float().cpu()


def _layer(model: Classifier) -> nn.Module:
    """Return the last module whose output still has places that count."""
    if getattr(model.body, "global_pool", None) == "token":  # timm's transformers: only the class token is read
        return model.body.blocks[-1].norm1
    return model.feature_map


def _as_grid(products: Tensor, body: nn.Module) -> Tensor:
    """Sum over channels and lay out tokens in height and width."""
    if products.ndim == 4:
        return products.sum(3 if getattr(body, "output_fmt", "NCHW") == "NHWC" else 1)
    if products.ndim == 3:
        tokens = products.sum(2)[:, getattr(body, "num_prefix_tokens", 0) :]
        side = math.isqrt(tokens.shape[1])  # photos are squares
        if side**2 == tokens.shape[1]:
            return tokens.unflatten(1, (side, side))
    raise KfoodError("This network's body has no feature map in height and width, so no activation map.")
