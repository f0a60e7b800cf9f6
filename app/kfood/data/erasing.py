"""Random erasing: a rectangle of a training photo becomes noise, so that no one part of a dish is relied on."""

from __future__ import annotations

import math

import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform
from torch import Tensor

_AREA = (0.02, 1 / 3)  # share of the photo, as in timm
_RATIOS = (0.3, 1 / 0.3)  # height : width


class RandomErasing(Transform):
    """Erases a rectangle of each photo with a chance of its own (Zhong et al. 2020).

    fastai's and torchvision's erase the same place in every photo of a batch.

    Args:
        chance: 0..1.
    """

    order = 100  # after the normalisation, whose pixels the noise is like
    split_idx = 0  # training photos only

    def __init__(self, chance: float) -> None:
        self.chance = chance
        super().__init__()

    def encodes(self, photos: TensorImage) -> TensorImage:
        """Return photos, n x 3 x height x width in -1..1; noise in every pixel, clipped to the same range."""
        plain = photos.as_subclass(Tensor)
        inside = erased(len(plain), plain.shape[2], plain.shape[3], self.chance).to(plain.device)
        noise = torch.randn_like(plain).clamp(-1, 1)
        return TensorImage(torch.where(inside[:, None], noise, plain))


def erased(n: int, height: int, width: int, chance: float) -> Tensor:
    """Return n x height x width, true inside the rectangle of each of n photos; nowhere in those that are spared.

    Area and the logarithm of the ratio are uniform; sides that would be longer than the photo's are as long.
    """
    area = torch.empty(n).uniform_(*_AREA)
    ratio = torch.empty(n).uniform_(*map(math.log, _RATIOS)).exp()
    along = []
    for pixels, side in ((height, (area * ratio).sqrt()), (width, (area / ratio).sqrt())):
        length = (side.clamp(max=1) * pixels).round().clamp(min=1)
        first = (torch.rand(n) * (pixels - length + 1)).floor()
        places = torch.arange(pixels)
        along.append((places >= first[:, None]) & (places < (first + length)[:, None]))
    chosen = torch.rand(n) < chance
    return along[0][:, :, None] & along[1][:, None, :] & chosen[:, None, None]
