"""Photos whose class is decided at one place, a network that has learned it, and maps that know nothing of either."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kfood.model.build import Classifier

SIDE, PLACES = 16, 4


class FilterBody(nn.Module):
    """Pools what eight filters of colours see in 4 x 4 places, of which the first two count."""

    num_features = 8

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 8, 1, bias=False)
        with torch.no_grad():
            self.filters.weight.copy_(0.3 * torch.randn(8, 3, 1, 1, generator=torch.Generator().manual_seed(1)))
            self.filters.weight[:2] = torch.tensor([[1.0, -1, -1], [-1, -1, 1]])[..., None, None]

    def forward_features(self, photos: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(self.filters(photos).relu(), PLACES)

    def forward_head(self, features: Tensor, pre_logits: bool) -> Tensor:
        return features.mean((2, 3))


def network() -> Classifier:
    """Class 1 is red, class 0 blue."""
    head = nn.Linear(8, 2)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    head.weight.data[1, 0] = head.weight.data[0, 1] = 80
    return Classifier(FilterBody(), head).eval().requires_grad_(False)


def photos(n: int, rng: torch.Generator, spread: float = 1.5) -> tuple[Tensor, list[int]]:
    """Return n noisy photos with a patch of their class's colour, and the classes.

    Args:
        n: photos.
        rng: of everything.
        spread: how far from the middle patches lie, in places; like dishes, most lie near it.
    """
    pixels = 0.3 * torch.randn(n, 3, SIDE, SIDE, generator=rng)
    classes = (torch.arange(n) % 2).tolist()
    step = SIDE // PLACES
    at = (PLACES / 2 - 0.5 + spread * torch.randn(n, 2, generator=rng)).round().clamp(0, PLACES - 1).int().tolist()
    for photo, number, (row, column) in zip(pixels, classes, at, strict=True):
        photo[2 - 2 * number, row * step : (row + 1) * step, column * step : (column + 1) * step] += 1
    return pixels.clamp(-1, 1), classes


def random_maps(n: int, rng: torch.Generator, kind: str) -> Tensor:
    """Return n maps, n x 8 x 8, that know nothing of their photos.

    Args:
        n: maps.
        rng: of everything.
        kind: "noise" of each cell, "smooth", or "middle": blobs somewhat off the middle, as of dishes.
    """
    if kind == "middle":
        grid = torch.linspace(-1, 1, 8)
        off, width = 0.4 * torch.randn(n, 2, 1, 1, generator=rng), 0.3 + 0.5 * torch.rand(n, 1, 1, generator=rng)
        return torch.exp(-((grid[:, None] - off[:, 0]) ** 2 + (grid - off[:, 1]) ** 2) / width**2)
    cells = torch.randn(n, 1, 8 if kind == "noise" else 3, 8 if kind == "noise" else 3, generator=rng)
    return F.interpolate(cells, (8, 8), mode="bicubic")[:, 0]
