"""An average of the weights over the training's steps, which is what is judged and kept."""

from __future__ import annotations

from typing import Any

import torch
from fastai.callback.core import Callback
from torch import Tensor

_SLOW_START = 10  # steps: the average of a short training must not hold on to the weights it began with


class WeightAverage(Callback):
    """Averages weights exponentially after each step (Polyak and Juditsky 1992); validation sees the average.

    After step n the old average counts by min(`decay`, (1 + n) / (10 + n)), as in TensorFlow's moving averages. What
    batch normalisation knows of the photos is averaged too. The network holds the average from validation to the next
    epoch's first batch, so that the best epoch, and the end of a fit, are averages.

    Args:
        decay: above 0, below 1.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def before_fit(self) -> None:
        """Begin with the weights that there are."""
        self.steps, self.average = 0, self._copy()
        self.trained: dict[str, Tensor] | None = None  # the weights that learn, while the network holds the average

    def before_train(self) -> None:
        """Go on with the weights that learn."""
        if self.trained is not None:
            self.model.load_state_dict(self.trained)
            self.trained = None

    def after_step(self) -> None:
        """Move the average towards the weights."""
        self.steps += 1
        kept = min(self.decay, (1 + self.steps) / (_SLOW_START + self.steps))
        weights = self.model.state_dict()
        real = [name for name, tensor in weights.items() if tensor.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([self.average[name] for name in real], [weights[name] for name in real], 1 - kept)
            for name in weights.keys() - real:
                self.average[name].copy_(weights[name])  # a count of batches

    def before_validate(self) -> None:
        """Let the average be judged."""
        if self.trained is None:
            self.trained = self._copy()
            self.model.load_state_dict(self.average)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of steps, the average, and the weights that learn where the network does not hold them."""
        return {"steps": self.steps, "average": self.average, "trained": self.trained}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""
        self.steps = state["steps"]
        self.average = self._on_device(state["average"])
        self.trained = None if state["trained"] is None else self._on_device(state["trained"])

    def _copy(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}

    def _on_device(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        now = self.model.state_dict()
        return {name: tensor.to(now[name].device, copy=True) for name, tensor in tensors.items()}
