"""A convolution and its activation as one step compute what they compute one after the other."""

import pytest
import torch
from timm.layers import Conv2dSame, ScaledStdConv2d
from torch import nn

from kfood.model.build import build_model
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.fused import FusedConv, can_fuse
from kfood.recipes.schema import Model

needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN")
CONVS = {
    "plain": lambda: nn.Conv2d(8, 16, 3),
    "strided": lambda: nn.Conv2d(8, 16, 3, stride=2, padding=1),
    "by channel": lambda: nn.Conv2d(8, 8, 5, padding=2, groups=8),
    "dilated": lambda: nn.Conv2d(8, 16, 3, dilation=2),
    "TensorFlow's padding": lambda: Conv2dSame(8, 16, 3, stride=2),
    "TensorFlow's, by channel": lambda: Conv2dSame(8, 8, 5, stride=2, groups=8),
    "TensorFlow's, dilated": lambda: Conv2dSame(8, 16, 3, stride=(1, 3), dilation=2),
}


@needs_onednn
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU6(), nn.SiLU()], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("conv", CONVS.values(), ids=CONVS)
def test_it_computes_the_same(conv, activation, layout):
    torch.manual_seed(0)
    layer, x = conv().to(memory_format=layout), (8 * torch.randn(2, 8, 17, 20)).contiguous(memory_format=layout)
    assert can_fuse(layer, activation, torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(FusedConv(layer, activation)(x), activation(layer(x)), atol=1e-5, rtol=1e-5)


@needs_onednn
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU6(), nn.SiLU()], ids=lambda each: type(each).__name__)
def test_in_bfloat16_it_computes_the_same_but_for_rounding(activation):
    torch.manual_seed(0)
    layer, x = CONVS["plain"](), 8 * torch.randn(2, 8, 17, 20)
    if not can_fuse(layer, activation, torch.bfloat16):
        pytest.skip("oneDNN has no bfloat16 on this CPU")
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        ours, theirs = FusedConv(layer, activation)(x), activation(layer(x))
    assert ours.dtype == theirs.dtype == torch.bfloat16
    torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0.02)  # it has 8 bits; theirs are rounded once more


@pytest.mark.parametrize(
    ("conv", "activation"),
    [
        (nn.Conv2d(8, 8, 3, bias=False), nn.ReLU()),
        (nn.Conv2d(8, 8, 3, padding="same"), nn.ReLU()),
        (nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
        (ScaledStdConv2d(8, 8, 3), nn.ReLU()),
        (nn.Conv2d(8, 8, 3), nn.LeakyReLU()),
        (nn.Conv2d(8, 8, 3), nn.Identity()),
        (nn.Conv2d(8, 8, 3, device="meta"), nn.ReLU()),
    ],
    ids=["no bias", "padding by word", "reflected", "other weights", "leaky", "no activation", "elsewhere"],
)
def test_what_it_cannot_do_is_left_alone(conv, activation):
    assert not can_fuse(conv, activation, torch.float32)


def test_a_network_in_bfloat16_is_folded_on_every_cpu():
    """Also where PyTorch computes in it and oneDNN does not: there nothing is fused."""
    torch.manual_seed(0)
    model = build_model(Model(arch="test_efficientnet"), 3, 32).eval().set_precision(torch.bfloat16)
    photos = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        similarity = torch.cosine_similarity(fold_batchnorm(model, 32).pooled(photos), model.pooled(photos))
    assert (similarity > 0.99).all()


@needs_onednn
@pytest.mark.parametrize("arch", ["tf_efficientnet_lite0", "efficientnet_b0", "mobilenetv2_100"])
def test_a_folded_network_has_no_activation_of_its_own_after_a_convolution(arch):
    model = build_model(Model(arch=arch), 3, 64).eval()
    fast = fold_batchnorm(model, 64)
    fused = [module for module in fast.modules() if isinstance(module, FusedConv)]
    assert len(fused) == sum(
        isinstance(getattr(module, "act", None), nn.ReLU | nn.ReLU6 | nn.SiLU)
        for module in model.modules()
        if isinstance(module, nn.BatchNorm2d)
    )
    photos = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(fast(photos), model(photos), atol=1e-4, rtol=1e-3)
