"""Which of a recipe's candidates are taken: those whose features tell most, of those that are here and fit."""

import socket

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from kfood.errors import KfoodError
from kfood.model import hub
from kfood.model.at_hand import AtHand
from kfood.model.build import Classifier
from kfood.recipes.load import load_recipe
from kfood.training import portfolio, time_plan
from kfood.training.portfolio import choose_for_budget, choose_networks
from kfood.training.time_plan import Rates
from kfood.training.train import train
from support.stand_in_hub import ARCH
from support.tiny import CLASSES

HEAD = """
[data]
size = 32
[model]
arch = "test_resnet"
pretrained = true
[probe]
epochs = 1
solver = "lbfgs"
[training]
epochs = 2
batch_size = 8
workers = 0
precision = "float32"
[[ladder]]
training.epochs = 0
"""
SLOW, FAST = (1.0, 1.0), (1e-9, 1e-9)  # seconds a photo and pixel


@pytest.fixture(autouse=True)
def decoding(monkeypatch):
    """Photos are decoded in no time, wherever they are."""
    monkeypatch.setattr(time_plan, "seconds_to_fill", lambda samples, shrink: 0.0)


@pytest.fixture
def recipe(tmp_path):
    """Return a function: candidates as tables -> the recipe that has them."""

    def write(*candidates, settings=(), data="demo"):
        tables = [{"licence": "mit", **each} for each in candidates]
        lines = [
            f"[[candidates]]\n{''.join(f'{key} = {value!r}' + chr(10) for key, value in each.items())}"
            for each in tables
        ]
        file = tmp_path / "mine.toml"
        file.write_text(HEAD + "".join(lines), encoding="utf-8")
        return load_recipe(str(file), settings, str(data))

    return write


@pytest.fixture
def weights(tmp_path):
    """Files of weights of one network: as drawn, which tell colours apart, and all zero, which tell nothing."""
    torch.manual_seed(0)
    good = timm.create_model(ARCH, num_classes=0).state_dict()
    files = {"good": good, "spoiled": {name: torch.zeros_like(tensor) for name, tensor in good.items()}}
    for name, tensors in files.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
    return {name: str(tmp_path / f"{name}.safetensors") for name in files}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("order", [("good", "spoiled"), ("spoiled", "good")])
def test_the_candidate_that_tells_dishes_apart_is_taken_in_time(recipe, weights, make_photos, tmp_path, order, seed):
    photos = make_photos(tmp_path / "photos", dict.fromkeys(CLASSES, 24))
    candidates = [{"arch": ARCH, "file": weights[name]} for name in order]
    run = train(recipe(*candidates, settings=[f"training.seed={seed}"], data=photos), tmp_path / "runs", minutes=1)
    assert run.recipe.model.pretrained_file == weights["good"]
    assert run.recipe.candidates == ()
    assert run.metrics["seconds"] < 60
    tried = run.metrics["portfolio"]
    assert [each["words"] for each in tried] == ["probed", "probed", "taken"]
    assert tried[0]["accuracy"] > tried[1]["accuracy"] + 0.2
    assert run.metrics["test"]["accuracy"] > 0.8


@pytest.fixture
def telling(monkeypatch, tiny_samples):
    """Return a function: features that each network gives by its name -> the portfolio that comes of it."""

    def choose(recipe, features, seconds=60.0):
        def embed(model, dls, step):
            return features[step.model.arch], None

        monkeypatch.setattr(portfolio, "embed_views", embed)
        monkeypatch.setattr(portfolio, "build_model", lambda *_: _Nothing())
        monkeypatch.setattr(portfolio, "weights_at_hand", lambda *_: AtHand("package", "here"))
        monkeypatch.setattr(time_plan, "measure_rates", lambda step: FAST)
        return choose_networks(recipe, tiny_samples, seconds, Rates())

    return choose


class _Nothing:
    def to_device(self, _):
        return self

    def set_precision(self, *_):
        return self


@pytest.fixture
def halves(tiny_samples):
    """Features of two networks of which each tells one class from the others, and of one that tells nothing."""
    label = tiny_samples.loc[tiny_samples["split"] == "train", "label"]
    draws = np.random.default_rng(0)
    tells = {name: 2.0 * (label == name).to_numpy()[:, None] + draws.normal(size=(len(label), 6)) for name in CLASSES}
    return {name: each.astype(np.float32) for name, each in tells.items()}


THREE = ("resnet10t", "resnet18", "resnet26")


def test_networks_that_tell_more_together_are_joined(recipe, telling, halves):
    first, second, _ = halves.values()
    nothing = np.random.default_rng(1).normal(size=first.shape).astype(np.float32)
    found = telling(
        recipe(*({"arch": arch} for arch in THREE)), dict(zip(THREE, (first, second, nothing), strict=True))
    )
    assert set(found.recipe.model.arch.split("+")) == {"resnet10t", "resnet18"}
    assert {step["model"]["arch"] for step in found.recipe.ladder} == {found.recipe.model.arch}
    assert found.tried[-1].words == "taken"
    assert found.tried[-1].log_loss < min(each.log_loss for each in found.tried[:3])


def test_a_network_that_adds_nothing_is_not_joined(recipe, telling, halves):
    first = next(iter(halves.values()))
    found = telling(recipe(*({"arch": arch} for arch in THREE[:2])), dict.fromkeys(THREE[:2], first))
    assert found.recipe.model.arch in THREE


@pytest.mark.parametrize(
    ("changes", "settings"),
    [([{}, {}], ["portfolio.networks=1"]), ([{}, {"size": 64}], []), ([{}, {"file": "weights.safetensors"}], [])],
    ids=["one is wanted", "other sizes", "a file"],
)
def test_some_are_never_joined(recipe, telling, halves, changes, settings):
    candidates = [{"arch": arch, **change} for arch, change in zip(THREE, changes, strict=False)]
    found = telling(recipe(*candidates, settings=settings), dict(zip(THREE, halves.values(), strict=False)))
    assert found.recipe.model.arch in THREE


def test_weights_that_not_everybody_may_use_are_asked_for(recipe, telling, halves):
    candidates = [{"arch": "resnet10t"}, {"arch": "resnet18", "licence": "cc-by-nc-4.0"}]
    features = dict(zip(THREE, halves.values(), strict=False))
    alone = telling(recipe(*candidates), features)
    assert alone.recipe.model.arch == "resnet10t"
    assert "its licence, cc-by-nc-4.0, is not in portfolio.licences" in [each.words for each in alone.tried]
    both = telling(recipe(*candidates, settings=["portfolio.licences=mit,cc-by-nc-4.0"]), features)
    assert "resnet18" in both.recipe.model.arch


def test_what_a_person_sets_is_not_chosen(recipe):
    candidates = [{"arch": "resnet10t", "size": 64, "lr": 0.5, "frozen_stages": 2}, {"arch": "resnet18"}]
    assert recipe(*candidates, settings=["model.arch=resnet26"]).candidates == ()
    first = recipe(*candidates, settings=["data.size=96", "optimizer.lr=0.1"]).candidates[0]
    assert (first.size, first.lr, first.frozen_stages) == (0, 0, 2)


def test_a_candidate_decides_its_size_rate_and_what_learns_on_every_step(recipe, telling, halves):
    only = {"arch": "resnet10t", "size": 64, "lr": 0.5, "frozen_stages": 2}
    found = telling(recipe(only), {}).recipe
    assert (found.data.size, found.optimizer.lr, found.model.frozen_stages) == (64, 0.5, 2)
    assert all(step["data"]["size"] == 64 for step in found.ladder)


def test_without_any_weights_it_is_told_how_to_have_some(recipe, tiny_samples, tmp_path):
    missing = recipe({"arch": "resnet10t", "file": str(tmp_path / "none.pth")})
    with pytest.raises(KfoodError, match=r"No candidate of mine is at hand: resnet10t.*none\.pth.*kfood\[lite\]"):
        choose_networks(missing, tiny_samples, 60, Rates())


def test_a_file_of_another_network_is_named(recipe, weights, make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", dict.fromkeys(CLASSES, 12))
    wanted = recipe({"arch": "resnet10t", "file": weights["good"]}, data=photos)
    with pytest.raises(KfoodError, match=r"good\.safetensors does not (fit|hold the weights of) resnet10t"):
        train(wanted, tmp_path / "runs", minutes=1)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_dish_with_few_photos_does_not_end_it(recipe, weights, make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {CLASSES[0]: 20, CLASSES[1]: 20, CLASSES[2]: 5})
    candidates = ({"arch": ARCH, "file": file} for file in weights.values())
    run = train(recipe(*candidates, data=photos), tmp_path / "runs", minutes=1)
    assert run.recipe.model.pretrained_file == weights["good"]


def test_what_is_too_slow_is_neither_probed_nor_measured_beyond(recipe, telling, halves, monkeypatch, tiny_samples):
    measured = []

    def rates(step):
        measured.append(step.model.arch)
        return FAST if step.model.arch == "resnet10t" else SLOW

    wanted = recipe(*({"arch": arch} for arch in THREE))
    telling(wanted, dict(zip(THREE, halves.values(), strict=True)))
    monkeypatch.setattr(time_plan, "measure_rates", rates)
    found = choose_networks(wanted, tiny_samples, 60, Rates())
    assert found.recipe.model.arch == "resnet10t"
    assert measured == ["resnet10t", "resnet18"]
    assert [each.arch for each in found.tried if "too slow" in each.words] == ["resnet18", "resnet26"]


@pytest.mark.slow
def test_features_of_a_probe_are_not_computed_again(recipe, weights, make_photos, tmp_path, monkeypatch):
    photos = make_photos(tmp_path / "photos", dict.fromkeys(CLASSES, 24))
    seen, pooled = [], Classifier.pooled
    monkeypatch.setattr(Classifier, "pooled", lambda model, batch: seen.append(len(batch)) or pooled(model, batch))
    monkeypatch.setattr(time_plan, "measure_rates", lambda step: FAST)
    wanted = recipe(*({"arch": ARCH, "file": file} for file in weights.values()), data=photos)
    run = train(wanted, tmp_path / "runs", minutes=1)
    counts = run.samples["split"].value_counts()
    of_probes, of_results = 2 * (counts["train"] + counts["valid"]), counts["valid"] + counts["test"]
    beside = len([each for each in seen if each <= 2])  # networks tried on a grey photo, and folded
    assert sum(each for each in seen if each > 2) <= of_probes + of_results + beside


def test_a_hub_that_answers_gives_its_weights_and_one_that_hangs_costs_its_patience(
    recipe,
    hub_at,
    stand_in_hub,
    weights,
    tiny_samples,
    monkeypatch,
):
    wanted = recipe({"arch": "resnet10t", "file": weights["spoiled"]}, {"arch": ARCH})
    monkeypatch.setattr(hub, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub_at(f"http://127.0.0.1:{silent.getsockname()[1]}")
        hands, others = portfolio.candidates_at_hand(wanted, 60)
        assert [each.arch for each in hands] == ["resnet10t"]
        assert "the hub does not answer" in others[0].words
    hub_at(stand_in_hub[0])
    hands, others = portfolio.candidates_at_hand(wanted, 60)
    assert [each.arch for each in hands] == ["resnet10t", ARCH]
    assert not others


def test_without_candidates_the_ladder_alone_is_asked(recipe, tiny_samples, monkeypatch):
    monkeypatch.setattr(time_plan, "measure_rates", lambda step: FAST)
    found = choose_for_budget(recipe(settings=["model.arch=test_resnet"]), tiny_samples, 60)
    assert found.recipe.training.epochs == 0
    assert found.tried == []
