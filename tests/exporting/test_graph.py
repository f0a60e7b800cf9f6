"""A graph answers as the network that it was made of, whatever the body."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from kfood.errors import KfoodError
from kfood.exported.predict import Model
from kfood.exporting import graph
from kfood.exporting.graph import export_graph, save_graph, traced
from kfood.exporting.network import Answers, Clip, traceable, with_plain_clips
from kfood.model.body import build_body
from kfood.model.build import Classifier, build_head
from kfood.model.cascade import Cascade
from support.tiny import TinyBody, tiny_model

BODIES = {  # and what timm is asked for, so that they have few blocks; see `shallow`
    "resnet18": {"layers": (1, 1, 1, 1)},
    "densenet121": {"block_config": (2, 2, 2, 2)},
    "tf_efficientnet_lite0": {},
    "efficientnet_b0": {},
    "mobilenetv2_100": {},
    "convnext_atto": {"depths": (1, 1, 2, 1)},
    "vit_tiny_patch16_224": {"depth": 2},
}


def shallow(arch: str, size: int) -> nn.Module:
    """The body with some blocks of each kind that it has: more of them take longer to export, and show no more."""
    body = build_body(arch, size, **BODIES[arch])
    if hasattr(body, "conv_head"):  # of MobileNetV2 and EfficientNets
        del body.blocks[3:]
        channels = body.blocks[-1][-1].conv_pwl.out_channels
        body.conv_head = nn.Conv2d(channels, body.conv_head.out_channels, 1, bias=False)
    return body


def with_history(network: nn.Module) -> nn.Module:
    """The network with statistics in its batch normalisations as a training leaves them."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def noise(n: int, side: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def by_hand(network: nn.Module, photos: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.from_numpy(photos).permute(0, 3, 1, 2) / 127.5 - 1).softmax(dim=1).numpy()


def exported(network: Classifier | Cascade, size: int, n_classes: int, file, side: int = 0) -> Model:
    side = side or size
    metadata = {"run": "a", "classes": json.dumps([str(each) for each in range(n_classes)]), "size": str(side)}
    save_graph(traced(Answers(network, size, side).eval(), side, "a"), file, metadata | {"presize": "1"})
    return Model(file)


def pooled_length(body) -> int:
    with torch.no_grad():
        return body.eval()(torch.zeros(1, 3, 64, 64)).shape[1]


@pytest.mark.slow
@pytest.mark.parametrize("arch", BODIES)
def test_every_body_answers_as_in_torch(tmp_path, arch):
    torch.manual_seed(0)
    body = shallow(arch, 64)
    network = Classifier(body, build_head("plain", pooled_length(body), 5, 0), hflip_tta=arch == "resnet18")
    with_history(network)
    model = exported(network, 64, 5, tmp_path / "model.onnx")
    for n in (1, 3):
        answers = model.probabilities(noise(n, 64))
        assert answers.shape == (n, 5) and answers.dtype == np.float32
        np.testing.assert_allclose(answers, by_hand(network, noise(n, 64)), atol=1e-4)
        assert np.ptp(answers) > 0.01


@pytest.mark.parametrize("layer", [nn.ReLU6(), nn.Hardtanh(-0.5, 2, inplace=True)])
def test_what_the_exporter_would_take_apart_is_a_plain_clip(layer):
    numbers = torch.linspace(-9, 9, 99)
    network = with_plain_clips(nn.Sequential(nn.Sequential(nn.Identity(), layer)))
    assert [type(module) for module in network.modules()][-1] is Clip
    torch.testing.assert_close(network(numbers), layer(numbers.clone()), rtol=0, atol=0)


def unsure_cascade() -> Cascade:
    """A cascade that asks about some photos of noise and not about others, and asks about another pair in it."""
    torch.manual_seed(3)
    main, pair, other = tiny_model(), tiny_model(), tiny_model()
    pair.head, other.head = (nn.Sequential(nn.Linear(8, 2)) for _ in range(2))
    inner = Cascade(main, pair, (2, 0), 1.0, (32, 32))
    return Cascade(inner, other, (0, 1), 1.0, (32, 48)).eval()


def test_a_cascade_that_can_be_traced_answers_the_same():
    cascade = unsure_cascade()
    photos = torch.from_numpy(noise(40, 48)).permute(0, 3, 1, 2) / 127.5 - 1
    photos = photos * torch.linspace(0, 1, 40)[:, None, None, None] + torch.linspace(-0.5, 0.5, 40)[:, None, None, None]
    with torch.no_grad():
        torch.testing.assert_close(traceable(cascade)(photos), cascade(photos), rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_cascade_is_one_graph(tmp_path):
    cascade = unsure_cascade()
    model = exported(cascade, 48, 3, tmp_path / "model.onnx")
    np.testing.assert_allclose(model.probabilities(noise(9, 48)), by_hand(cascade, noise(9, 48)), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("side", [40, 100])
def test_photos_are_brought_from_presize_to_size_in_the_graph(tmp_path, side):
    network = tiny_model().eval()
    model = exported(network, 32, 3, tmp_path / "model.onnx", side)
    answers = Answers(network, 32, side)
    with torch.no_grad():
        expected = answers(torch.from_numpy(noise(3, side))).numpy()
    np.testing.assert_allclose(model.probabilities(noise(3, side)), expected, atol=1e-5)


@pytest.mark.slow
def test_the_file_says_all_that_a_reader_must_know(two_runs, tmp_path):
    run = two_runs.main
    export_graph(run, tmp_path / "a.onnx")
    model, data = Model(tmp_path / "a.onnx"), run.recipe.data
    assert (model.name, model.classes, model.side) == (run.name, ["갈비찜", "김밥", "돼지갈비찜"], 32)
    said = {"size": "32", "presize": "1.0", "resize": data.resize, "denoise": data.denoise, "precision": "float32"}
    assert said.items() <= model.metadata.items()
    assert {"filter", "exif", "transparency", "temperature", "weights", "kfood", "digest"} <= set(model.metadata)
    assert str(graph.__file__).encode() not in (tmp_path / "a.onnx").read_bytes()  # nor any path of this machine


class Untraceable(TinyBody):
    """A body that looks at a photo's content to decide what to do."""

    def forward_features(self, photos):
        return super().forward_features(photos if photos.sum() > 0 else -photos)


def test_what_cannot_be_written_as_a_graph_gets_a_sentence():
    network = Classifier(Untraceable(norm=False), nn.Sequential(nn.Linear(8, 3))).eval()
    with pytest.raises(KfoodError, match=r"^odd cannot be exported: torch\.onnx cannot write it as a graph \(.+\)\.$"):
        traced(Answers(network, 32, 32), 32, "odd")
