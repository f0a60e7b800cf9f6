"""A batch that goes through the network in parts, because it is too large for the memory."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback, CancelBatchException, CancelStepException

_FEWEST = 2  # photos in a part: batch normalisation cannot do with one


class MicroBatches(Callback):
    """Adds up the gradients of equal parts of each batch, then takes one step.

    The step is that of the whole batch, with class weights and MixUp too, but for batch normalisation, which sees one
    part at a time. fastai's GradientAccumulation adds up batches of the DataLoader instead: each has class weights and
    mixtures of its own, and what is left at an epoch's end goes on into the next one.

    Args:
        parts: at least 2.
    """

    order = 95  # after MixUp, which mixes photos of the whole batch
    run_valid = False

    def __init__(self, parts: int) -> None:
        self.parts = parts

    def before_batch(self) -> None:
        """Do what fastai would do with the batch, part by part."""
        learn, loss_func = self.learn, self.learn.loss_func
        whole, total = loss_func.weight(*self.yb), torch.zeros((), device=self.dls.device)
        parts = min(self.parts, len(self.yb[0]) // _FEWEST)
        for photos, *targets in zip(*(tensor.tensor_split(parts) for tensor in (*self.xb, *self.yb)), strict=True):
            learn.pred = learn.model(photos)
            # The loss is the mean of this part; its share of the whole batch's is by weight.
            learn.loss_grad = loss_func(learn.pred, *targets) * (loss_func.weight(*targets) / whole)
            total += learn.loss_grad.detach()
            learn("after_loss")
            learn.loss_grad.backward()
        learn.loss = total
        learn._with_events(learn._step, "step", CancelStepException)
        learn.opt.zero_grad()
        raise CancelBatchException
