"""Taking another model's weights: the body whole or not at all, and an account of it."""

import copy

import pytest
import torch

from kfood.errors import KfoodError
from kfood.model.build import build_model
from kfood.model.weights import take_weights
from kfood.recipes.schema import Model


def model(arch="resnet18", head="plain", classes=3):
    return build_model(Model(arch=arch, head=head), classes, 64)


def test_the_body_is_taken_and_the_head_is_new():
    ours, theirs = model(classes=3), model(classes=5)
    head = copy.deepcopy(ours.head.state_dict())
    account = take_weights(ours, theirs.state_dict(), same_classes=False, source="theirs")
    for name, tensor in theirs.body.state_dict().items():
        torch.testing.assert_close(ours.body.state_dict()[name], tensor)
    torch.testing.assert_close(ours.head.state_dict(), head)
    assert account.new == ("head.linear.weight", "head.linear.bias")
    assert len(account.taken) == len(ours.body.state_dict())
    assert account.numbers_new == 3 * 512 + 3
    assert str(account).endswith("new are head.linear.weight, head.linear.bias (1,539 numbers).")


def test_the_head_is_taken_for_the_same_classes_only():
    theirs = model()
    ours = model()
    assert take_weights(ours, theirs.state_dict(), same_classes=True, source="theirs").new == ()
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    assert len(take_weights(model(), theirs.state_dict(), same_classes=False, source="theirs").new) == 2


def test_another_kind_of_head_is_new():
    account = take_weights(model(head="dropout_bn"), model().state_dict(), same_classes=True, source="theirs")
    assert "head.norm.running_mean" in account.new


def test_another_body_is_an_error_and_changes_nothing():
    ours = model("resnet18")
    before = copy.deepcopy(ours.state_dict())
    with pytest.raises(KfoodError, match="the other run has another body"):
        take_weights(ours, model("resnet34").state_dict(), same_classes=False, source="the other run")
    torch.testing.assert_close(ours.state_dict(), before)
