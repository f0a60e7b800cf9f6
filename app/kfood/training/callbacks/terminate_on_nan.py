"""A loss that is not a number, in training or on validation photos, ends the training at once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from fastai.callback.core import Callback

from kfood.errors import KfoodError
from kfood.text import listed

_NAMED = 4  # photos
_AT_ONCE = 32  # losses that a GPU is asked for
SMALLER_LR = "Try a smaller learning rate (--lr, or kfood lrfind to find one)."


class TerminateOnNaN(Callback):
    """Raises KfoodError at the first loss in training that is NaN or infinite, and where an epoch's validation loss is.

    A GPU that is asked for each loss stands still meanwhile; it is asked for many at once, and always before a state
    is saved and before the epoch is judged.

    Args:
        remedy: a sentence on what to try.
    """

    order = -5
    run_valid = False

    def __init__(self, remedy: str = SMALLER_LR) -> None:
        self.remedy = remedy

    def before_train(self) -> None:
        """Forget an earlier epoch."""
        self.unseen: list[tuple[int, torch.Tensor]] = []

    def after_loss(self) -> None:
        """Look at the loss of this batch, or later with others."""
        self.unseen.append((self.iter, self.loss_grad.detach()))
        if self.loss_grad.device.type == "cpu" or len(self.unseen) >= _AT_ONCE:
            self._look()

    def after_train(self) -> None:
        """Look at the last ones of the epoch."""
        self._look()

    def after_epoch(self) -> None:
        """Look at the loss on validation photos, before the epoch is noted or kept."""
        loss = self.recorder.log[self.recorder.metric_names.index("valid_loss")]
        if not math.isfinite(loss):
            raise KfoodError(
                f"The loss on validation photos is {loss} after epoch {self.epoch + 1}, in {self._precision()}: "
                f"training diverged. {self.remedy}"
            )

    def state_dict(self) -> dict[str, Any]:
        """Return nothing, after a check of the losses so far: no checkpoint may hold weights reached by a NaN."""
        self._look()
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""

    def _look(self) -> None:
        if not self.unseen:
            return
        batches, losses = zip(*self.unseen, strict=True)
        self.unseen = []
        for batch, loss in zip(batches, torch.stack(losses).tolist(), strict=True):
            if not math.isfinite(loss):
                raise KfoodError(self._diverged(batch, loss))

    def _diverged(self, batch: int, loss: float) -> str:
        photos = self._photos(batch)
        of = f", of {listed(photos, _NAMED)}" if photos else ""
        return (
            f"The loss is {loss} in epoch {self.epoch + 1}, batch {batch + 1}{of}, at learning rate "
            f"{self.opt.hypers[-1]['lr']:g} in {self._precision()}: training diverged. {self.remedy}"
        )

    def _precision(self) -> str:
        return str(getattr(self.model, "precision", "float32"))

    def _photos(self, batch: int) -> list[str]:
        """Return the names of the batch's photos; none where the batch is made of something else."""
        drawn = getattr(self.dl, "_DataLoader__idxs", [])  # what fastai's loader drew for this epoch
        part = drawn[batch * self.dl.bs : (batch + 1) * self.dl.bs]
        items = getattr(self.dl, "items", None)
        if items is None or not all(hasattr(item, "path") for item in items[:1]):
            return []
        return [f"{Path(items[number].path).parent.name}/{Path(items[number].path).name}" for number in part]
