"""Learning rates by epoch, by torch's own schedulers, and fastai's one-cycle by batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from fastai.callback.core import Callback
from fastai.callback.schedule import ParamScheduler, combined_cos
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, LRScheduler, StepLR

from kfood.recipes.schema import Schedule

_ONE_CYCLE_START, _ONE_CYCLE_END = 25, 1e5  # fastai's: the learning rate begins at lr/25 and ends at lr/100000


class TorchSchedule(Callback):
    """Steps one of torch's schedulers after each epoch.

    fastai's fit knows no StepLR, ExponentialLR or CosineAnnealingLR by epoch; torch's run on the optimizer inside
    fastai's wrapper, so the learning rates are torch's by construction.
    """

    order = 62  # after the epoch is recorded with the learning rate it had

    def __init__(self, make: Callable[[Optimizer], LRScheduler]) -> None:
        self.make = make

    def before_fit(self) -> None:
        """Start the schedule on the optimizer as it is now."""
        self.scheduler = self.make(self.learn.opt.opt)

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule is."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""
        self.scheduler.load_state_dict(state)

    def after_epoch(self) -> None:
        """Go on to the next epoch's learning rate."""
        self.scheduler.step()


def schedule_callbacks(schedule: Schedule, lrs: Sequence[float], epochs: int) -> list[Callback]:
    """Return the callbacks for a recipe's schedule; none for constant learning rates, `lrs`, of body and head."""
    if schedule.name == "one_cycle":
        # Learning rate only: fastai's fit_one_cycle would also replace betas[0] by its own momentum cycle.
        lr = np.array(lrs)
        curve = combined_cos(schedule.warmup, lr / _ONE_CYCLE_START, lr, lr / _ONE_CYCLE_END)
        return [ParamScheduler({"lr": curve})]
    make = torch_scheduler(schedule, lrs[-1], epochs)
    return [TorchSchedule(make)] if make else []


def torch_scheduler(schedule: Schedule, lr: float, epochs: int) -> Callable[[Optimizer], LRScheduler] | None:
    """Return what makes torch's scheduler for an optimizer whose largest learning rate is `lr`; None for "none"."""
    if schedule.name == "step":
        return lambda optimizer: StepLR(optimizer, schedule.step_size, schedule.gamma)
    if schedule.name == "exponential":
        return lambda optimizer: ExponentialLR(optimizer, schedule.gamma)
    if schedule.name == "cosine":
        period, lowest = schedule.period or epochs or 1, schedule.min_lr / lr

        def share(epoch: int) -> float:
            """CosineAnnealingLR's formula; as a share, so that body and head keep their proportion down to the end."""
            return lowest + (1 - lowest) * (1 + math.cos(math.pi * epoch / period)) / 2

        return lambda optimizer: LambdaLR(optimizer, share)
    return None
