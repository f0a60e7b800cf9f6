"""bfloat16 is taken where it is faster and computes the same; how that is found leaves no trace but its result."""

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kfood.model import precision
from kfood.model.build import Precision, build_model
from kfood.model.precision import choose_precision
from kfood.recipes.explain import validate
from kfood.recipes.schema import Model, Recipe
from kfood.system.paths import cache_folder
from support.out_of_memory import OUT_OF_MEMORY
from support.tiny import tiny_model

CPU = torch.device("cpu")
GOOD = {
    "training_speedup": 2.0,
    "training_alike": 0.99,
    "predicting_speedup": 2.0,
    "predicting_alike": 0.999,
}
FLOAT32, BFLOAT16 = Precision(torch.float32, torch.float32), Precision(torch.bfloat16, torch.bfloat16)


def recipe_of(arch: str = "resnet18", size: int = 32, asked: str = "auto") -> Recipe:
    return validate({"model": {"arch": arch}, "data": {"size": size}, "training": {"precision": asked}}, "test")


@pytest.fixture
def has_bfloat16(monkeypatch):
    """A CPU that has it."""
    monkeypatch.setattr(precision, "onednn_computes_in", lambda kind: True)


@pytest.fixture
def measured(monkeypatch, has_bfloat16):
    """What was measured, as (network, size), and a function that sets what is found: (list, find)."""
    asked, found = [], dict(GOOD)

    def measure(recipe: Recipe, device: torch.device, n_photos: int, size: int) -> dict[str, float]:
        asked.append((recipe.model.arch, recipe.data.size))
        return dict(found)

    monkeypatch.setattr(precision, "_measure", measure)
    precision._say.cache_clear()  # it says each sentence once in a process
    return asked, found.update


def memory() -> list[Path]:
    return list((cache_folder() / "precision").glob("*"))


def everything_random() -> list:
    return [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]


def everything_set() -> list:
    """torch's global settings."""
    return [
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
        torch.is_autocast_cache_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.enabled,
        torch.backends.mkldnn.is_available(),
        torch.backends.cuda.matmul.allow_tf32,
    ]


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_what_is_asked_for_is_taken_unmeasured(measured, asked, device):
    assert choose_precision(recipe_of(asked=asked), torch.device(device)) == (getattr(torch, asked),) * 2
    assert measured[0] == []
    assert memory() == []


def test_a_device_of_another_kind_stays_with_float32(measured):
    assert choose_precision(recipe_of(), torch.device("mps")) == FLOAT32
    assert measured[0] == []


@pytest.mark.parametrize(
    ("speedup", "alike", "expected"),
    [
        (1.15, 0.25, torch.bfloat16),
        (3.0, 1.0, torch.bfloat16),
        (1.149, 1.0, torch.float32),
        (0.2, 1.0, torch.float32),
        (9.0, 0.249, torch.float32),
        (9.0, -1.0, torch.float32),
        (9.0, math.nan, torch.float32),
        (math.nan, 1.0, torch.float32),
    ],
)
def test_bfloat16_is_taken_where_it_is_clearly_faster_and_computes_the_same(measured, caplog, speedup, alike, expected):
    asked, find = measured
    find({"training_speedup": speedup, "training_alike": alike})
    caplog.set_level("INFO")
    for _ in ("measured", "remembered"):
        assert choose_precision(recipe_of(), CPU) == (expected, torch.bfloat16)
    assert len(asked) == 1
    chosen = Precision(expected, torch.bfloat16)
    assert f"Precision {chosen}: here bfloat16 trains {speedup:.1f} and predicts 2.0 times as fast" in caplog.text


@pytest.mark.parametrize(
    ("speedup", "alike", "expected"),
    [
        (1.15, 0.99, torch.bfloat16),
        (1.149, 1.0, torch.float32),
        (9.0, 0.989, torch.float32),
        (9.0, math.nan, torch.float32),
    ],
)
def test_predicting_is_judged_by_itself(measured, speedup, alike, expected):
    measured[1]({"training_speedup": 0.8, "predicting_speedup": speedup, "predicting_alike": alike})
    assert choose_precision(recipe_of(), CPU) == (torch.float32, expected)


def test_a_cpu_without_bfloat16_is_not_measured(measured, monkeypatch, caplog):
    """There it takes ten times as long as float32, and so did measuring it."""
    caplog.set_level("INFO")
    monkeypatch.setattr(precision, "onednn_computes_in", lambda kind: kind != torch.bfloat16)
    assert choose_precision(recipe_of(), CPU) == FLOAT32
    assert not measured[0]
    assert "Precision float32: this CPU has no fast bfloat16." in caplog.text


def test_a_gpu_is_known_by_its_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU of {device}")
    assert precision.device_model(torch.device("cuda")) == "GPU of cuda"


def test_precision_in_words():
    assert str(BFLOAT16) == "bfloat16"
    assert str(Precision(torch.float32, torch.bfloat16)) == "float32, predicting bfloat16"


def test_what_was_measured_is_remembered_for_each_network(measured):
    asked, find = measured
    assert choose_precision(recipe_of("resnet18", 32), CPU) == BFLOAT16
    find({"training_speedup": 0.5, "predicting_speedup": 0.5})
    assert choose_precision(recipe_of("resnet18", 64), CPU) == BFLOAT16
    assert choose_precision(recipe_of("resnet34", 32), CPU) == FLOAT32
    assert asked == [("resnet18", 32), ("resnet34", 32)]


def test_another_machine_or_number_of_threads_is_measured_anew(measured, monkeypatch):
    asked, _ = measured
    for name, cores in (("here", 1), ("there", 1), ("here", 9), ("here", 1)):
        monkeypatch.setattr(precision.platform, "node", lambda name=name: name)
        monkeypatch.setattr(precision.torch, "get_num_threads", lambda cores=cores: cores)
        choose_precision(recipe_of(), CPU)
    assert len(asked) == 3


def test_what_another_version_measured_is_not_read(measured, monkeypatch):
    choose_precision(recipe_of(), CPU)
    monkeypatch.setattr(precision, "_CACHE", replace(precision._CACHE, version=precision._CACHE.version + 1))
    choose_precision(recipe_of(), CPU)
    assert len(measured[0]) == 2


def test_another_torch_is_measured_anew(measured, monkeypatch):
    choose_precision(recipe_of(), CPU)
    monkeypatch.setattr(precision.torch, "__version__", "99.0")
    choose_precision(recipe_of(), CPU)
    assert len(measured[0]) == 2


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: b"", id="empty"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut"),
        pytest.param(lambda whole: b"\xff\xfe\x00\x80", id="binary"),
        pytest.param(lambda whole: b"{}", id="nothing"),
        pytest.param(lambda whole: b"[]", id="list"),
        pytest.param(lambda whole: b"null", id="null"),
        pytest.param(lambda whole: json.dumps(dict.fromkeys(json.loads(whole))).encode(), id="no numbers"),
        pytest.param(lambda whole: json.dumps(GOOD | {"training_alike": "x"}).encode(), id="text"),
    ],
)
def test_a_damaged_memory_is_measured_again_and_mended(measured, damage):
    asked, _ = measured
    choose_precision(recipe_of(), CPU)
    (file,) = memory()
    file.write_bytes(damage(file.read_bytes()))
    for _ in ("measured", "remembered"):
        assert choose_precision(recipe_of(), CPU) == BFLOAT16
    assert len(asked) == 2


def test_no_place_to_remember_is_a_warning_only(measured, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "file"))
    for _ in range(2):
        assert choose_precision(recipe_of(), CPU) == BFLOAT16
    assert len(measured[0]) == 2
    assert "What was measured cannot be kept" in caplog.text


def test_measuring_finds_the_gradients_alike_and_leaves_no_trace(has_bfloat16):
    """On the network itself."""
    before = everything_random(), everything_set()
    chosen = choose_precision(recipe_of("resnet18", 32), CPU)
    assert (everything_random(), everything_set()) == before
    (file,) = memory()
    found = json.loads(file.read_text())
    assert found.pop("of") == ["resnet18", precision.device_model(CPU), torch.__version__]
    assert set(found) == set(GOOD)
    assert all(0 < found[name] < math.inf for name in ("training_speedup", "predicting_speedup"))
    assert 0.25 < found["training_alike"] < 1
    assert 0.99 < found["predicting_alike"] <= 1
    assert set(chosen) <= {torch.float32, torch.bfloat16}


def test_measuring_compares_the_same_network_on_the_same_photos(monkeypatch):
    """Both in float32: the gradients are then the same, whatever the random state was."""
    monkeypatch.setattr(precision, "_FORMATS", (torch.float32, torch.float32))
    monkeypatch.setattr(precision, "_STEPS", 1)
    torch.manual_seed(5)
    found = precision._measure(recipe_of("resnet10t"), CPU, 8, 32)
    assert [found["training_alike"], found["predicting_alike"]] == pytest.approx([1, 1], abs=1e-3)


def test_what_is_measured_depends_on_no_random_state(monkeypatch):
    monkeypatch.setattr(precision, "_STEPS", 1)
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        found.append(precision._measure(recipe_of("resnet10t"), CPU, 8, 32)["training_alike"])
    assert found[0] == pytest.approx(found[1], abs=2e-4)


def test_a_gpu_is_measured_with_the_batches_that_it_will_be_given():
    """Few small photos keep a GPU waiting for the next launch, whatever they are computed in."""
    recipe = validate({"data": {"size": 224}, "training": {"batch_size": 96, "accumulate": 3}}, "test")
    assert precision._measured_with(recipe, torch.device("cuda")) == (32, 224)
    assert precision._measured_with(recipe, CPU) == (8, 128)


# How a classifier computes


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=["resnet18", "tiny", "convnext_atto", "vit_tiny_patch16_224"])
def network(request) -> nn.Module:
    torch.manual_seed(0)
    if request.param == "tiny":
        return tiny_model(norm=True).eval()
    return build_model(Model(arch=request.param, head="dropout_bn"), 5, 32).eval()


def dtypes_inside(model: nn.Module, photos: torch.Tensor, compute: str = "forward") -> set[torch.dtype]:
    """The number formats that convolutions and linear layers give while the model computes."""
    seen = set()
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(lambda layer, given, result: seen.add(result.dtype)) for layer in layers]
    getattr(model, compute)(photos)
    for hook in hooks:
        hook.remove()
    return seen


def test_bfloat16_computes_in_bfloat16_and_answers_in_float32(network, photos):
    exact = network(photos)
    assert dtypes_inside(network, photos) == {torch.float32}
    assert network.set_precision(torch.bfloat16) is network
    rounded = network(photos)
    assert dtypes_inside(network, photos) == {torch.bfloat16}
    assert rounded.dtype == exact.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).norm() < 0.03 * exact.norm()
    assert torch.equal(network.set_precision(torch.float32)(photos), exact)


def test_training_and_predicting_have_a_format_each(network, photos):
    network.set_precision(torch.float32, torch.bfloat16)
    assert dtypes_inside(network, photos) == {torch.bfloat16}
    assert dtypes_inside(network.train(), photos) == {torch.float32}


def test_weights_and_what_they_learn_from_stay_float32(network, photos):
    network.train().set_precision(torch.bfloat16)
    network(photos).logsumexp(1).sum().backward()
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert {parameter.grad.dtype for parameter in network.parameters() if parameter.grad is not None} == {torch.float32}
    assert {buffer.dtype for buffer in network.buffers() if buffer.is_floating_point()} <= {torch.float32}


def test_pooled_features_are_computed_in_the_same_format(network, photos):
    assert dtypes_inside(network, photos, "pooled") == {torch.float32}
    assert dtypes_inside(network.set_precision(torch.bfloat16), photos, "pooled") == {torch.bfloat16}


def test_no_autocast_is_left_behind(network, photos):
    before = everything_set()
    network.set_precision(torch.bfloat16)(photos)
    assert everything_set() == before


def test_a_change_of_weights_is_seen_in_bfloat16(network, photos):
    """autocast keeps copies of weights while it lasts."""
    network.set_precision(torch.bfloat16)
    before = network(photos)
    with torch.no_grad():
        network.head[-1].weight.mul_(2)
        network.head[-1].bias.mul_(2)
    torch.testing.assert_close(network(photos), 2 * before)


def test_on_the_cpu_colours_lie_side_by_side_and_answers_are_the_same(network, photos):
    before = network(photos)
    weights = {name: parameter.clone() for name, parameter in network.named_parameters()}
    assert network.to_device(CPU) is network
    convolutions = [layer.weight for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert convolutions and all(weight.is_contiguous(memory_format=torch.channels_last) for weight in convolutions)
    assert not convolutions[0].is_contiguous()
    assert all(torch.equal(parameter, weights[name]) for name, parameter in network.named_parameters())
    torch.testing.assert_close(network(photos), before, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
@pytest.mark.usefixtures("has_bfloat16")
def test_where_memory_is_too_small_fewer_photos_are_measured(monkeypatch, error):
    asked = []

    def measure(recipe, device, n_photos, size):
        asked.append(n_photos)
        if n_photos > 3:
            raise error
        return dict(GOOD)

    monkeypatch.setattr(precision, "_measure", measure)
    assert choose_precision(recipe_of(), CPU) == BFLOAT16
    assert asked == [8, 4, 2]


@pytest.mark.usefixtures("has_bfloat16")
def test_where_memory_is_too_small_for_two_photos_it_stays_with_float32(monkeypatch, caplog):
    def measure(*args):
        raise torch.OutOfMemoryError("x")

    caplog.set_level("INFO")
    monkeypatch.setattr(precision, "_measure", measure)
    assert choose_precision(recipe_of(), CPU) == FLOAT32
    assert "not enough memory to measure" in caplog.text
    assert memory() == []
