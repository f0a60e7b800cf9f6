"""A batch that goes through the network in parts, because it is too large for the memory."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from fastai.callback.core import Callback, CancelBatchException, CancelStepException
from torch import nn
from torch.nn.parallel import DistributedDataParallel

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
        learn, loss_func, network = self.learn, self.learn.loss_func, self.learn.model
        whole, total = loss_func.weight(*self.yb), torch.zeros((), device=self.dls.device)
        parts = min(self.parts, len(self.yb[0]) // _FEWEST)
        by_part = zip(*(tensor.tensor_split(parts) for tensor in (*self.xb, *self.yb)), strict=True)
        for number, (photos, *targets) in enumerate(by_part, 1):
            with nullcontext() if number == parts else _kept_back(network):
                learn.pred = network(photos)
                learn("after_pred")
                # The loss is the mean of this part; its share of the whole batch's is by weight.
                learn.loss_grad = loss_func(learn.pred, *targets) * (loss_func.weight(*targets) / whole)
                learn.loss = learn.loss_grad.detach()
                learn("after_loss")
                total += learn.loss
                learn.loss_grad.backward()
        learn.loss = total
        learn._with_events(learn._step, "step", CancelStepException)
        learn.opt.zero_grad()
        raise CancelBatchException


def _kept_back(network: nn.Module) -> AbstractContextManager[None]:
    """Let gradients add up in this process; they go to the others with those of the last part."""
    return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()
