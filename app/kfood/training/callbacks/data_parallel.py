"""The step of a whole batch, made by several processes, each of which has a part of it."""

from __future__ import annotations

import copy
import warnings

import torch
import torch.distributed as dist
from fastai.callback.core import Callback
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from kfood.system.collectives import all_sums
from kfood.system.processes import world_size

_FEW = 2  # photos, which batch normalisation can do with


class DataParallel(Callback):
    """Lets DistributedDataParallel average gradients while they are computed, and makes the average exact.

    The loss of a batch is a mean by weight, of classes and of mixtures, and DistributedDataParallel takes a plain mean
    over processes. So each process multiplies its loss by its part of the batch's weight and the number of processes.
    `learn.loss` is such that its mean over all processes' photos is the batch's loss.

    fastai's DistributedTrainer wraps once, before the fit: a body that begins to learn later (`FreezeBody`) would never
    be averaged. Here `learn.model` is wrapped while a batch goes through it, and anew where other parameters learn.
    What batch normalisation has seen is averaged before validation (where it sees the whole
    batch, it is the same in all: see `kfood.model.sync_batchnorm`), not taken from the first process at every step.

    Args:
        batch_size: photos of the whole batch.
    """

    order = 94  # after mixtures, whose shares are weights; before MicroBatches, which makes the step

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size
        self.wrapped: DistributedDataParallel | None = None
        self.learning: list[nn.Parameter] = []

    def before_fit(self) -> None:
        """Look whether photos differ in weight; else nothing needs to be asked for."""
        weights = self.loss_func.weights
        self.weighted = bool((weights != weights[0]).any())

    def before_batch(self) -> None:
        """Wrap the network for this batch, and ask what the whole batch weighs while it goes through."""
        if not self.training:
            return
        self.asked: dist.Work | None = None
        if self.weighted:
            self.weight = self.loss_func.weight(*self.yb)
            self.of_all = self.weight.clone()
            self.asked = dist.all_reduce(self.of_all, async_op=True)
        else:
            self.weight, self.of_all = float(len(self.yb[0])), float(self.batch_size)
        learning = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        if self.wrapped is None or not _same(learning, self.learning):
            self.wrapped, self.learning = None, learning  # the old one goes first, with its buckets
            self.wrapped = wrap(self.model, self.x)
        self.learn.model = self.wrapped

    def after_pred(self) -> None:
        """Let everyone else see the network itself."""
        if self.wrapped is not None:
            self.learn.model = self.wrapped.module

    def after_loss(self) -> None:
        """Weigh this process's part of the batch."""
        if not self.training:
            return
        if self.asked:
            self.asked.wait()
            self.asked = None
        self.learn.loss_grad = self.loss_grad * (self.weight / self.of_all * world_size())
        share = self.batch_size / (world_size() * len(self.yb[0]))  # 1 where parts are equal
        self.learn.loss = self.loss_grad.detach() * share

    def before_validate(self) -> None:
        """Take the mean of what the processes' batch normalisations have seen."""
        seen = [buffer for buffer in self.model.buffers() if buffer.is_floating_point()]
        if not seen:
            return
        together = torch.cat([buffer.flatten() for buffer in seen])
        dist.all_reduce(together)
        together /= world_size()
        for buffer, mean in zip(seen, together.split([buffer.numel() for buffer in seen]), strict=True):
            buffer.copy_(mean.view_as(buffer))

    def close(self) -> None:
        """Leave the network to everyone else. To be called however the fit ended."""
        self.after_pred()
        self.wrapped = None


class PoolMetrics(Callback):
    """Makes loss and accuracy on validation photos those of all processes, each of which saw other ones."""

    order = 49  # right before fastai's Recorder notes them

    def after_validate(self) -> None:
        """Add up sums and numbers of photos."""
        for metric in (self.recorder.loss, *self.recorder.metrics):
            metric.total, metric.count = all_sums(float(metric.total), metric.count)


def wrap(model: nn.Module, photos: Tensor) -> DistributedDataParallel:
    """Return the network such that gradients are averaged over processes; `photos`, n x 3 x …, are to try it on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # newer versions of torch have another name for the first
        return DistributedDataParallel(
            model,
            broadcast_buffers=False,
            find_unused_parameters=_has_unused(model, photos[:_FEW]),
            gradient_as_bucket_view=True,
        )


def _has_unused(model: nn.Module, photos: Tensor) -> bool:
    """Return whether parameters that learn take no part in the logits, which takes time at every step to allow for."""
    devices = [] if photos.device.type == "cpu" else [photos.device]
    with torch.random.fork_rng(devices=devices, device_type=photos.device.type if devices else "cuda"):
        trial = copy.deepcopy(model)
        learning = [parameter for parameter in trial.parameters() if parameter.requires_grad]
        gradients = torch.autograd.grad(trial(photos).sum(), learning, allow_unused=True)
    return any(gradient is None for gradient in gradients)


def _same(these: list[nn.Parameter], those: list[nn.Parameter]) -> bool:
    return len(these) == len(those) and all(one is other for one, other in zip(these, those, strict=True))
