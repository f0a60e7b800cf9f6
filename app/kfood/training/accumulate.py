"""A batch that goes through the network in parts."""

from __future__ import annotations

import fastai.callback.training


class Accumulate(fastai.callback.training.GradientAccumulation):
    """fastai's gradient accumulation, without carrying an unfinished batch into the next epoch.

    With it, an epoch takes as many steps as with whole batches, which leave out the last photos too.
    """

    def before_train(self) -> None:
        """Begin the epoch with no photos counted and no gradients."""
        self.count = 0
        self.learn.opt.zero_grad()
