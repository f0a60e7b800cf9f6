"""What does not learn: the body for some epochs, or what batch normalisation knows of the photos."""

from __future__ import annotations

from typing import Any

from fastai.callback.core import Callback
from fastai.callback.training import BnFreeze
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class FreezeBody(Callback):
    """Freezes the body for the first epochs of a fit. Its batch normalisation goes on learning, as in fastai."""

    order = -10

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def before_fit(self) -> None:
        """Begin with what the recipe lets learn."""
        self.frozen = False

    def before_epoch(self) -> None:
        """Freeze at the start; let the whole network learn when the time has come."""
        wanted = self.epoch < self.epochs
        if wanted != self.frozen:  # only then: fastai makes the optimizer forget at each freezing
            (self.learn.freeze if wanted else self.learn.unfreeze)()
        self.frozen = wanted

    def state_dict(self) -> dict[str, Any]:
        """Return whether the body is frozen."""
        return {"frozen": self.frozen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Freeze the body if it was, and let the optimizer know what it knows."""
        self.frozen = state["frozen"]
        if self.frozen:
            self.opt.freeze_to(-1)

    def after_fit(self) -> None:
        """Leave the whole network trainable, however the fit ended."""
        self.learn.unfreeze()


class FreezeNorm(BnFreeze):
    """Keeps the statistics of all the body's batch normalisations; fastai's own keeps those of frozen layers.

    A head that was fitted to what the body predicts meets the same features again when the body begins to learn. On
    photos of food, the statistics of a batch are far from those of ImageNet.
    """

    def before_train(self) -> None:
        """Let them predict, while everything else learns."""
        keep_norms(self.model.body)


def keep_norms(body: nn.Module) -> None:
    """Let batch normalisation predict with the statistics it has, until the network's mode is set again."""
    for module in body.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
