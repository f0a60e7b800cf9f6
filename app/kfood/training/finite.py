"""A loss that is no number ends the training at once."""

from __future__ import annotations

from pathlib import Path

import torch
from fastai.callback.core import Callback

from kfood.errors import KfoodError, listed

_NAMED = 4  # photos


class RequireFiniteLoss(Callback):
    """Raises KfoodError at the first loss in training that is NaN or infinite. Nothing else is judged."""

    order = -5
    run_valid = False

    def after_loss(self) -> None:
        """Look at the loss of this batch."""
        if torch.isfinite(self.loss_grad):
            return
        photos = self._photos()
        of = f", of {listed(photos, _NAMED)}" if photos else ""
        precision = getattr(self.model, "precision", "float32")
        raise KfoodError(
            f"The loss is {self.loss_grad.item()} in epoch {self.epoch + 1}, batch {self.iter + 1}{of}, at learning "
            f"rate {self.opt.hypers[-1]['lr']:g} in {precision}: training diverged. Try a smaller learning rate "
            "(--lr, or kfood lrfind to find one)."
        )

    def _photos(self) -> list[str]:
        """Return the names of the batch's photos; none where the batch is made of something else."""
        drawn = getattr(self.dl, "_DataLoader__idxs", [])  # what fastai's loader drew for this epoch
        part = drawn[self.iter * self.dl.bs : (self.iter + 1) * self.dl.bs]
        items = getattr(self.dl, "items", None)
        if items is None or not all(hasattr(item, "path") for item in items[:1]):
            return []
        return [f"{Path(items[number].path).parent.name}/{Path(items[number].path).name}" for number in part]
