"""A network with all that comes before and after it when a photo is predicted, in a form that can be traced."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kfood.data.resample import shrunk
from kfood.model.build import Classifier
from kfood.model.cascade import Cascade, at_size
from kfood.statistics.temperature import LEAST


class Answers(nn.Module):
    """Photos as files hold them in, probabilities out.

    Args:
        network: computes in float32 from now on.
        size: side of the photos that it takes, in pixels.
        side: of the photos that come in.
        temperature: of the probabilities, as `kfood.statistics.temperature.tempered` takes it.
    """

    shrink: Tensor | None

    def __init__(self, network: Classifier | Cascade, size: int, side: int, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = with_plain_clips(traceable(network.set_precision(torch.float32)))
        self.temperature = temperature
        self.register_buffer("shrink", None if side == size else shrunk(torch.eye(side)[None], size)[0])

    def forward(self, photos: Tensor) -> Tensor:
        """Return n x classes, float32, of n x side x side x 3, uint8."""
        probabilities = self.network(self.given(photos)).softmax(dim=1)
        if self.temperature == 1:
            return probabilities
        return (probabilities.clamp(min=LEAST).log() / self.temperature).softmax(dim=1)

    def given(self, photos: Tensor) -> Tensor:
        """Return what the network is given: n x 3 x size x size, in -1..1."""
        pixels = photos.permute(0, 3, 1, 2).float() / 255
        if self.shrink is not None:
            pixels = self.shrink.T @ pixels @ self.shrink
        return pixels * 2 - 1


def traceable(network: Classifier | Cascade) -> nn.Module:
    """Return what predicts as the network does, on the same way for all photos."""
    return _WholeCascade(network) if isinstance(network, Cascade) else network


def with_plain_clips(network: nn.Module) -> nn.Module:
    """Put `Clip` in place of each ReLU6 and Hardtanh of a network, and return it."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Hardtanh):  # of which ReLU6 is one
                setattr(module, name, Clip(child.min_val, child.max_val))
    return network


class Clip(nn.Module):
    """What Hardtanh does, by one operator of ONNX: torch's exporter takes Hardtanh apart, for most of its time."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, photos: Tensor) -> Tensor:
        """Return the same numbers, none below `low` or above `high`."""
        return photos.clamp(self.low, self.high)


class _WholeCascade(nn.Module):
    """A cascade that asks its specialist about all photos, and takes the answer where it would have asked."""

    def __init__(self, cascade: Cascade) -> None:
        super().__init__()
        self.cascade, self.main = cascade, traceable(cascade.main)

    def forward(self, photos: Tensor) -> Tensor:
        logits = self.main(at_size(photos, self.cascade.sizes[0]))
        says = self.cascade.specialist(at_size(photos, self.cascade.sizes[1]))
        asked = self.cascade.unsure(logits.softmax(dim=1))
        return torch.where(asked[:, None], self.cascade.divide(logits, says), logits)
