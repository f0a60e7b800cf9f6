"""Which pixels a network's weights know: mean and deviation of the photos that they were trained on."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

Channels = tuple[float, float, float]


class Normalization(NamedTuple):
    """By channel (red, green, blue), of pixels in 0..1."""

    mean: Channels
    std: Channels


UNIT_RANGE = Normalization((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # brings pixels from 0..1 to the report's -1..1


class Renormalize(nn.Module):
    """Brings pixels from -1..1, as kfood gives them to every network, to what the network's weights know.

    ImageNet's usual normalization is another, and a body that stays frozen, or keeps the statistics of its batch
    normalisation, cannot get used to pixels of half the contrast.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, normalization: Normalization = UNIT_RANGE) -> None:
        super().__init__()
        self.normalization = normalization
        mean, std, of_mean, of_std = (torch.tensor(each).view(3, 1, 1) for each in (*normalization, *UNIT_RANGE))
        self.register_buffer("scale", of_std / std, persistent=False)  # the model's description says it
        self.register_buffer("shift", (of_mean - mean) / std, persistent=False)

    def forward(self, photos: Tensor) -> Tensor:
        """Return photos, n x 3 x height x width, of -1..1, as the weights know them."""
        return photos if self.normalization == UNIT_RANGE else torch.addcmul(self.shift, photos, self.scale)
