"""MixUp and CutMix as targets, not as another loss."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback
from torch import Tensor
from torch.distributions import Beta


class Mixtures(Callback):
    """Trains on mixtures of two photos, with a share of its own for each photo.

    fastai's MixUp takes the plain mean of weighted losses, which makes the loss, and the steps, larger by the mean
    class weight. Here the targets say what was mixed (class numbers, the others' class numbers, share of the first) and
    `StudyLoss` does the rest, so that class weights and parts of batches stay right.

    Args:
        mixup: alpha of the Beta distribution that MixUp's shares come from (Zhang et al. 2018); the larger share is the
            first photo's. 0 for no MixUp.
        cutmix: the same of CutMix (Yun et al. 2019), where a rectangle of the photo is another's. 0 for no CutMix. With
            both, each batch takes one of the two with equal chance, as in timm.
    """

    order = 90  # after the batch's augmentation and normalisation, as in fastai
    run_valid = False

    def __init__(self, mixup: float = 0, cutmix: float = 0) -> None:
        self.mixup, self.cutmix = mixup, cutmix

    def before_batch(self) -> None:
        """Mix each photo with another one of the batch."""
        photos, targets = self.x, self.y
        cuts = self.cutmix > 0 and (not self.mixup or torch.rand(()).item() < 0.5)
        alpha = torch.tensor(self.cutmix if cuts else self.mixup)
        share = Beta(alpha, alpha).sample((len(targets),)).to(photos.device)
        if not cuts:
            share = torch.maximum(share, 1 - share)
        order = torch.randperm(len(targets), device=photos.device)
        if cuts:
            inside = rectangles(1 - share, photos.shape[2], photos.shape[3])
            mixed = torch.where(inside[:, None], photos[order], photos)
            share = 1 - inside.float().mean((1, 2))  # rectangles are cut off at the photo's edges
        else:
            mixed = torch.lerp(photos[order], photos, share[:, None, None, None])
        self.learn.xb = (mixed,)
        self.learn.yb = (targets, targets[order], share)


def rectangles(area: Tensor, height: int, width: int) -> Tensor:
    """Return n x height x width, true inside a rectangle for each of n photos; its middle is anywhere.

    Args:
        area: n, each rectangle's share of the photo, 0..1, of which the photo's edges may cut off some.
        height, width: of the photos, in pixels; the rectangles have their proportions (Yun et al. 2019).
    """
    side = area.sqrt()
    along = []
    for pixels in (height, width):
        middle = torch.rand(len(area), device=area.device) * pixels
        places = torch.arange(pixels, device=area.device) + 0.5
        along.append((places - middle[:, None]).abs() < side[:, None] * pixels / 2)
    return along[0][:, :, None] & along[1][:, None, :]
