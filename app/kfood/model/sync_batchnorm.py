"""Batch normalisation by the whole batch, where several processes have a part of it each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from timm.layers import convert_sync_batchnorm
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
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
    shared: nn.Module = convert_sync_batchnorm(norm)  # timm's: torch's would lose the activation of timm's layers
    if next(norm.parameters()).device.type == "cpu":
        kind = type(shared)
        shared.__class__ = OnCpu if kind is nn.SyncBatchNorm else type(kind.__name__, (kind, OnCpu), {})
    return shared


class OnCpu(nn.SyncBatchNorm):
    """torch's SyncBatchNorm, whose own way to compute is for GPUs only, in operations that every device knows."""

    def forward(self, input: Tensor) -> Tensor:
        """Return n x channels x …, normalised with what all processes have."""
        if not self.training:
            return super().forward(input)
        over = [dim for dim in range(input.ndim) if dim != 1]
        shape = [1, -1, *[1] * (input.ndim - 2)]
        x = input.float()
        n = torch.full((1,), x.numel() / x.shape[1])
        *sums, total = all_reduce(torch.cat([x.sum(over), n])).split([x.shape[1], 1])
        mean = sums[0] / total
        centred = x - mean.view(shape)
        var = all_reduce(centred.square().sum(over)) / total
        self._note(mean.detach(), (var * total / (total - 1)).detach())
        y = centred * (var + self.eps).rsqrt().view(shape)
        return (y * self.weight.view(shape) + self.bias.view(shape)).to(input.dtype)

    def _note(self, mean: Tensor, var: Tensor) -> None:
        """Move what is known of the photos towards what was seen, as torch does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
