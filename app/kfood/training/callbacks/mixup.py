"""MixUp as targets, not as another loss."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback
from torch.distributions import Beta


class MixUp(Callback):
    """Trains on mixtures of two photos, as in Zhang et al. (2018); a share of its own for each photo.

    fastai's MixUp takes the plain mean of weighted losses, which makes the loss, and the steps, larger by the mean
    class weight. Here the targets say what was mixed (class numbers, the others' class numbers, share of the first) and
    `StudyLoss` does the rest, so that class weights and parts of batches stay right.

    Args:
        alpha: of the Beta distribution that shares come from; the larger share is the first photo's.
    """

    order = 90  # after the batch's augmentation and normalisation, as in fastai
    run_valid = False

    def __init__(self, alpha: float) -> None:
        self.beta = Beta(torch.tensor(alpha), torch.tensor(alpha))

    def before_batch(self) -> None:
        """Mix each photo with another one of the batch."""
        photos, targets = self.x, self.y
        share = self.beta.sample((len(targets),)).to(photos.device)
        share = torch.maximum(share, 1 - share)
        order = torch.randperm(len(targets), device=photos.device)
        self.learn.xb = (torch.lerp(photos[order], photos, share[:, None, None, None]),)
        self.learn.yb = (targets, targets[order], share)
