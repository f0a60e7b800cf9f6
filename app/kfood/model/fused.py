"""A convolution and the activation after it as one step, for predicting on a CPU."""

from __future__ import annotations

import math

import torch
from timm.layers import Conv2dSame
from timm.layers.padding import pad_same_arg
from torch import Tensor, nn

# oneDNN's names, and the numbers that it wants with them.
_ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
}


class FusedConv(nn.Module):
    """What `activation(conv(x))` gives, without writing the convolution's result to memory and reading it again.

    PyTorch's compiler does the same with oneDNN's post-operations, but takes a minute to get there. It cannot learn.

    Args:
        conv, activation: for which `can_fuse` is true.
    """

    def __init__(self, conv: nn.Conv2d, activation: nn.Module) -> None:
        super().__init__()
        self.conv = conv
        self.activation, self.numbers = _ACTIVATIONS[type(activation)]

    def forward(self, x: Tensor) -> Tensor:
        """Return n x channels x height x width, in the format of `torch.autocast` where that is on."""
        conv, kind = self.conv, torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        padding, wanted = _as_tensorflow(conv, x) if isinstance(conv, Conv2dSame) else (conv.padding, ...)
        bias = None if conv.bias is None else conv.bias.to(kind)
        how = (padding, conv.stride, conv.dilation, conv.groups, self.activation, self.numbers, "")
        return torch.ops.mkldnn._convolution_pointwise(x.to(kind), conv.weight.to(kind), bias, *how)[wanted]


def _as_tensorflow(conv: Conv2dSame, x: Tensor) -> tuple[list[int], tuple[slice, ...]]:
    """Return a padding that is alike at both ends, and the part of the result that TensorFlow's padding gives.

    TensorFlow pads more at the end than at the start. Padding both by a whole number of strides more than the start
    needs, and leaving out what the convolution finds there, spares a padded copy of `x`.
    """
    shapes = map(list, (x.shape[2:], conv.kernel_size, conv.stride, conv.dilation))
    left, right, top, bottom = pad_same_arg(*shapes)
    padding, wanted = [], [slice(None), slice(None)]
    for start, end, stride, length in zip((top, left), (bottom, right), conv.stride, x.shape[2:], strict=True):
        skipped = math.ceil((end - start) / stride)
        padding.append(start + skipped * stride)
        wanted.append(slice(skipped, skipped + math.ceil(length / stride)))
    return padding, tuple(wanted)


def can_fuse(conv: nn.Conv2d, activation: nn.Module, kind: torch.dtype) -> bool:
    """Return whether `FusedConv` can take their place: plain layers only, on a CPU for which PyTorch has oneDNN.

    Args:
        conv, activation: one after the other.
        kind: the format to compute in.
    """
    return (
        onednn_computes_in(kind)
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
        and conv.weight.device.type == "cpu"
        and type(conv) in (nn.Conv2d, Conv2dSame)  # others do something to their weights first
        and type(activation) in _ACTIVATIONS
        and conv.bias is not None
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
    )


def onednn_computes_in(kind: torch.dtype) -> bool:
    """Return whether PyTorch has oneDNN for this CPU and this format.

    For bfloat16, oneDNN asks for more of the CPU than PyTorch's own kernels do, which are many times slower.
    """
    return torch.backends.mkldnn.is_available() and (
        kind != torch.bfloat16 or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
