"""Policies of many small changes, of colours too: torchvision's RandAugment and TrivialAugment."""

from __future__ import annotations

import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform
from torch import Tensor
from torchvision.transforms import InterpolationMode, RandAugment, TrivialAugmentWide

from kfood.recipes.schema import Augment

_GREY = [128.0, 128.0, 128.0]  # what fills the corners: the middle of all pixels


class AugmentPolicy(Transform):
    """Changes each training photo by a draw of its own.

    torchvision draws once for what it is given, so that a batch would be changed all alike.

    Args:
        augment: its `policy` is "rand_augment" (two changes of one strength; Cubuk et al. 2020) or "trivial_augment"
            (one change of any strength; Müller and Hutter 2021).
    """

    order = 5  # while pixels are bytes, which these changes are made for
    split_idx = 0  # training photos only

    def __init__(self, augment: Augment) -> None:
        how = {"interpolation": InterpolationMode.BILINEAR, "fill": _GREY}
        trivial = augment.policy == "trivial_augment"
        self.change = TrivialAugmentWide(**how) if trivial else RandAugment(magnitude=augment.magnitude, **how)
        super().__init__()

    def encodes(self, photos: TensorImage) -> TensorImage:
        """Return photos, n x 3 x height x width, uint8."""
        return TensorImage(torch.stack([self.change(photo) for photo in photos.as_subclass(Tensor)]))
