"""Every network of the report builds, sees and answers; heads are what they are called."""

import pytest
import torch
from torch import nn

from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.model.build import build_head, build_model, freeze_stages, parameter_groups
from kfood.recipes.schema import Model

REPORT = ["resnet18", "resnet34", "resnet50", "densenet121", "efficientnet_b0", "efficientnet_b1", "mobilenetv2_100"]
OTHERS = ["efficientnet_lite0", "mobilenetv3_small_100", "vit_tiny_patch16_224", "convnext_atto"]


@pytest.mark.parametrize("arch", REPORT + OTHERS)
def test_network_gives_a_logit_for_each_class_and_learns_everywhere(arch):
    model = build_model(Model(arch=arch, head="dropout_bn"), 5, size=32)
    logits = model(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2, 5)
    logits.square().sum().backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert without == []


def test_densenets_features_come_after_its_last_relu():
    """fastai cuts torchvision's DenseNet before it."""
    model = build_model(Model(arch="densenet121"), 2, 64).eval()
    assert model.body.forward_features(torch.randn(2, 3, 64, 64)).min() >= 0


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("plain", [nn.Linear]),
        ("dropout", [nn.Dropout, nn.Linear]),
        ("dropout_bn", [nn.BatchNorm1d, nn.Dropout, nn.Linear]),
    ],
)
def test_heads(kind, layers):
    head = build_head(kind, 16, 3, 0.3)
    assert [type(layer) for layer in head] == layers
    assert all(layer.p == 0.3 for layer in head if isinstance(layer, nn.Dropout))
    assert head(torch.randn(4, 16)).shape == (4, 3)


@pytest.mark.parametrize("arch", ["pit_ti_224", "pit_ti_distilled_224"])
def test_a_network_whose_stages_timm_does_not_know_learns_whole(arch):
    model = build_model(Model(arch=arch), 3, 224)
    freeze_stages(model, arch, 0)
    assert all(parameter.requires_grad for parameter in model.parameters())
    model.train()(torch.zeros(2, 3, 224, 224)).sum().backward()
    with pytest.raises(KfoodError, match=f"timm does not know the stages of {arch}: set it to 0"):
        freeze_stages(model, arch, 1)


def test_the_head_gets_the_pooled_features():
    model = build_model(Model(arch="resnet18"), 3, 64).eval()
    photos = torch.randn(2, 3, 64, 64)
    pooled = model.body.forward_features(photos).mean((2, 3))
    assert model.head.linear.in_features == pooled.shape[1] == 512
    torch.testing.assert_close(model(photos), model.head(pooled))


def test_every_parameter_is_in_exactly_one_group():
    model = build_model(Model(arch="resnet18", head="dropout_bn"), 3, 64)
    body, head = parameter_groups(model)
    assert {id(p) for p in body} | {id(p) for p in head} == {id(p) for p in model.parameters()}
    assert not {id(p) for p in body} & {id(p) for p in head}


def test_the_reports_name_for_mobilenet_is_understood():
    assert timm_name("mobilenet_v2") == "mobilenetv2_100"


@pytest.mark.parametrize(("typo", "meant"), [("resnet_18", "resnet18"), ("densnet121", "densenet121")])
def test_an_unknown_network_names_the_nearest(typo, meant):
    with pytest.raises(KfoodError, match=f'"{typo}" is not a network that timm knows. Did you mean "{meant}"'):
        build_model(Model(arch=typo), 3, 64)


def test_blocks_are_left_out_in_training_only():
    model, photos = build_model(Model(arch="mobilenetv2_100", drop_path=0.5), 3, 32), torch.randn(8, 3, 32, 32)
    chances = [module.drop_prob for module in model.body.modules() if type(module).__name__ == "DropPath"]
    assert chances == sorted(chances) and 0.4 < chances[-1] <= 0.5
    for batch_norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        batch_norm.momentum = 0.0
    assert not torch.equal(model.train()(photos), model(photos))
    assert torch.equal(model.eval()(photos), model(photos))


def test_a_network_of_which_nothing_can_be_left_out_says_so():
    with pytest.raises(KfoodError, match=r"model\.drop_path is 0\.2, but no block of densenet121 can be left out"):
        build_model(Model(arch="densenet121", drop_path=0.2), 3, 32)


def test_a_size_that_a_network_cannot_take_is_an_error():
    with pytest.raises(KfoodError, match="inception_v3 cannot take photos of data.size = 32 pixels"):
        build_model(Model(arch="inception_v3"), 3, 32)
