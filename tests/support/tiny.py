"""A network of one convolution, for trainings small enough for tests."""

from __future__ import annotations

import torch
from torch import nn

from kfood.model.build import Classifier

CLASSES = ["갈비찜", "김밥", "돼지갈비찜"]


class TinyBody(nn.Module):
    """One convolution and, as timm's bodies have it, forward_features and forward_head."""

    num_features = 8

    def __init__(self, norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, stride=3)
        self.norm = nn.BatchNorm2d(8) if norm else nn.Identity()

    def forward_features(self, photos):
        return self.norm(self.conv(photos)).relu()

    def forward_head(self, features, pre_logits):
        return features.mean((2, 3))


def tiny_model(norm: bool = False) -> Classifier:
    return Classifier(TinyBody(norm), nn.Sequential(nn.Linear(8, len(CLASSES))))


def numbers(model: nn.Module) -> torch.Tensor:
    """All parameters in one vector."""
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).clone()
