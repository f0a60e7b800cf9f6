"""Early stopping on validation accuracy, and the weights of the best epoch."""

from __future__ import annotations

import logging
from typing import Any

from fastai.callback.core import CancelFitException
from fastai.callback.tracker import TrackerCallback
from torch import Tensor

log = logging.getLogger(__name__)


class BestEpoch(TrackerCallback):
    """Keeps the best epoch's weights, and ends a training that no longer gets better.

    fastai's own pair (SaveModelCallback, EarlyStoppingCallback) loads an older run's weights where no epoch was
    better, writes over the old file in place, and unpickles. Here they are in memory and in every checkpoint, so that
    a training that is resumed can only find its own.

    Args:
        patience: epochs without a better accuracy after which training ends; 0 never ends it.
        restore: whether the fit ends with the best epoch's weights.
        so_far: the accuracy of the weights before the first epoch, where they are worth keeping (after a probe).
    """

    def __init__(self, patience: int, restore: bool, so_far: float | None = None) -> None:
        super().__init__(monitor="accuracy")
        self.patience, self.restore, self.so_far = patience, restore, so_far

    def before_fit(self) -> None:
        """Forget earlier fits."""
        super().before_fit()
        self.epoch_of_best: int | None = None
        self.waited = 0
        self.weights: dict[str, Tensor] | None = None
        if self.so_far is not None:
            self.best, self.epoch_of_best = self.so_far, 0
            self._keep_weights()

    def after_epoch(self) -> None:
        """Keep a better epoch; count an epoch that was not better."""
        super().after_epoch()
        if self.new_best:
            self.epoch_of_best, self.waited = self.epoch + 1, 0
            self._keep_weights()
            return
        self.waited += 1
        if self.patience and self.waited >= self.patience:
            log.info("No better accuracy for %d epochs: training ends here.", self.patience)
            raise CancelFitException

    def state_dict(self) -> dict[str, Any]:
        """Return the best accuracy, its epoch and weights, and how long it was waited for a better one."""
        names = ("epoch_of_best", "waited", "weights")
        return {"best": float(self.best)} | {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""
        for name, value in state.items():
            setattr(self, name, value)

    def after_fit(self) -> None:
        """Bring back the best epoch's weights."""
        super().after_fit()
        if self.weights is not None:
            self.model.load_state_dict(self.weights)
            log.info("The weights are those of epoch %d, accuracy %.4f on validation.", self.epoch_of_best, self.best)

    def _keep_weights(self) -> None:
        if self.restore:
            self.weights = {name: tensor.to("cpu", copy=True) for name, tensor in self.model.state_dict().items()}
