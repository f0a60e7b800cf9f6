"""Several bodies as one: each sees the photo, and the head is given what all of them make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kfood.model.normalization import Normalization, Renormalize


class JoinedBodies(nn.Module):
    """Bodies side by side, with the methods of a timm network that kfood calls.

    Where their last maps have the same height and width, they are one map of all their channels, which activation
    maps can look at; otherwise what each pools from its map stands in its place.

    Args:
        bodies: timm networks without classifiers, ready for photos of the same size.
        normalizations: of each, what its weights know; photos come in -1..1.
        size: side of the photos in pixels.

    Attributes:
        one_map: whether there is one map of all channels.
        lengths: of the vector that each pools from its last map.
    """

    def __init__(self, bodies: Sequence[Any], normalizations: Sequence[Normalization], size: int) -> None:
        super().__init__()
        self.bodies = nn.ModuleList(bodies)
        self.normalizations = list(normalizations)
        self.renormalize = nn.ModuleList(map(Renormalize, normalizations))
        with torch.no_grad():
            maps = [body.eval().forward_features(torch.zeros(1, 3, size, size)) for body in self._bodies]
        self.train()
        shapes = {each.shape[2:] for each in maps}
        channels_first = all(getattr(body, "output_fmt", "NCHW") == "NCHW" for body in bodies)
        self.one_map = len(shapes) == 1 and maps[0].ndim == 4 and channels_first
        self._channels = [each.shape[1] for each in maps]
        self.lengths = [
            body.forward_head(each, pre_logits=True).shape[1] for body, each in zip(bodies, maps, strict=True)
        ]

    @property
    def _bodies(self) -> list[Any]:  # nn.Module declares none of what timm's networks have
        return list(self.bodies)

    def forward_features(self, photos: Tensor) -> Tensor:
        """Return n x channels of all x height x width, or where that cannot be, n x features."""
        maps = (body.forward_features(own) for body, own in self._each(photos))
        return self._side_by_side(list(maps))

    def forward_head(self, features: Tensor, pre_logits: bool = True) -> Tensor:
        """Return n x features of what `forward_features` returned."""
        if not self.one_map:
            return features
        parts = features.split(self._channels, dim=1)
        pooled = (body.forward_head(part, pre_logits=True) for body, part in zip(self._bodies, parts, strict=True))
        return torch.cat(list(pooled), dim=1)

    def forward_intermediates(self, photos: Tensor, indices: int) -> tuple[Tensor, list[Tensor]]:
        """Return what `forward_features` returns, and each body's last `indices` maps before it."""
        found = [(*body.forward_intermediates(own, indices=indices),) for body, own in self._each(photos)]
        maps = [each for last, own in found for each in own if each is not last]
        return self._side_by_side([last for last, _ in found]), maps

    def _each(self, photos: Tensor) -> Any:  # noqa: ANN401 - pairs of a timm network and its photos
        return ((body, own(photos)) for body, own in zip(self._bodies, self.renormalize, strict=True))

    def _side_by_side(self, maps: list[Tensor]) -> Tensor:
        if self.one_map:
            return torch.cat(maps, dim=1)
        pooled = (body.forward_head(each, pre_logits=True) for body, each in zip(self._bodies, maps, strict=True))
        return torch.cat(list(pooled), dim=1)


def bodies_of(body: nn.Module) -> list[nn.Module]:
    """Return the networks of joined bodies, or the one that it is."""
    return list(body.bodies) if isinstance(body, JoinedBodies) else [body]
