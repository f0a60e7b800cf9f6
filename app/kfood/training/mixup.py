"""MixUp that keeps class weights right."""

from __future__ import annotations

import fastai.callback.mixup
from torch import Tensor


class MixUp(fastai.callback.mixup.MixUp):
    """fastai's MixUp (Zhang et al. 2018) with the loss of `StudyLoss`.

    fastai takes the plain mean of weighted losses, which makes the loss, and the steps, larger by the mean weight.
    """

    def lf(self, logits: Tensor, *targets: Tensor) -> Tensor:
        """Return the loss of the mixed batch."""
        return self.old_lf.mixed(logits, targets[0], self.yb1[0], self.lam)
