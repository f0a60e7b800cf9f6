"""Batch normalisation by the whole batch, where several processes have a part of it each."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from timm.layers import convert_sync_batchnorm
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def synchronized_batchnorm(model: nn.Module) -> Iterator[None]:
    """Within it, the normalisations that learn take mean and variance over all processes (torch's SyncBatchNorm).

    Their weights and what they have seen of the photos stay the same tensors, so that an optimizer, a checkpoint and
    whoever comes later know no difference. Frozen ones, which only predict, stay as they are.
    """
    before: list[tuple[nn.Module, str, nn.Module]] = []
    for parent in [*model.modules()]:
        for name, norm in [*parent.named_children()]:
            if isinstance(norm, _BatchNorm) and any(each.requires_grad for each in norm.parameters()):
                before.append((parent, name, norm))
                setattr(parent, name, _synchronized(norm))
    try:
        yield
    finally:
        for parent, name, norm in before:
            norm.train(getattr(parent, name).training)
            setattr(parent, name, norm)


def _synchronized(norm: nn.Module) -> nn.Module:
    if next(norm.parameters()).device.type == "cpu":
        shared = copy.copy(norm)
        shared.__class__ = OnCpu
        return shared
    return convert_sync_batchnorm(norm)  # timm's: torch's would lose the activation of timm's layers


class _Summed(torch.autograd.Function):
    """The sum of all processes' tensors; what it is changed by changes with each of them."""

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        total = mine.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


class OnCpu(_BatchNorm):
    """What torch's SyncBatchNorm does, which is for GPUs only, in operations that every device knows.

    Made of one of torch's, or of timm's, which drops and activates what it has normalised.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return n x channels x …, normalised with what all processes have."""
        y = self._normalised(input) if self.training else self._as_known(input)
        for after in ("drop", "act"):
            y = getattr(self, after, nn.Identity())(y)
        return y

    def _as_known(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)

    def _normalised(self, photos: Tensor) -> Tensor:
        over = [dim for dim in range(photos.ndim) if dim != 1]
        shape = [1, -1, *[1] * (photos.ndim - 2)]
        x = photos.float()
        n = torch.full((1,), x.numel() / x.shape[1])
        total, of_all = _Summed.apply(torch.cat([x.sum(over), n])).split([x.shape[1], 1])
        mean = total / of_all
        centred = x - mean.view(shape)
        var = _Summed.apply(centred.square().sum(over)) / of_all
        self._note(mean.detach(), (var * of_all / (of_all - 1)).detach())
        y = centred * (var + self.eps).rsqrt().view(shape)
        return (y * self.weight.view(shape) + self.bias.view(shape)).to(photos.dtype)

    def _note(self, mean: Tensor, var: Tensor) -> None:
        """Move what is known of the photos towards what was seen, as torch does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
