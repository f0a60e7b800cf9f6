"""A loss that is no number ends the training at once."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback

from kfood.errors import KfoodError


class RequireFiniteLoss(Callback):
    """Raises KfoodError at the first loss in training that is NaN or infinite."""

    order = -5
    run_valid = False

    def after_loss(self) -> None:
        """Look at the loss of this batch."""
        if not torch.isfinite(self.loss_grad):
            raise KfoodError(
                f"The loss is {self.loss_grad.item()} in epoch {self.epoch + 1}, batch {self.iter + 1}, at learning "
                f"rate {self.opt.hypers[-1]['lr']:g}: training diverged. Try a smaller learning rate "
                "(--lr, or kfood lrfind to find one)."
            )
