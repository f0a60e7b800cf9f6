"""Epochs at the start in which only the head learns."""

from __future__ import annotations

from fastai.callback.core import Callback


class FreezeBody(Callback):
    """Freezes the body for the first epochs of a fit. Its batch normalisation goes on learning, as in fastai."""

    order = -10

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def before_epoch(self) -> None:
        """Freeze at the start; let the whole network learn when the time has come."""
        if self.epoch == 0:
            self.learn.freeze()
        elif self.epoch == self.epochs:
            self.learn.unfreeze()

    def after_fit(self) -> None:
        """Leave the whole network trainable, however the fit ended."""
        self.learn.unfreeze()
