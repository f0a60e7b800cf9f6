"""The probe: what a frozen body makes of the photos, kept in the cache, and the head that is trained on it."""

import os
import random
import shutil
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.callback.core import Callback
from fastai.torch_core import set_seed
from PIL import Image

from kfood.data.loaders import build_dataloaders
from kfood.model.build import Classifier, build_model
from kfood.recipes.explain import validate
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE
from kfood.training import fit as fit_module
from kfood.training import probe as probe_module
from kfood.training.learner import build_learner
from kfood.training.probe import body_features, fit_probe
from kfood.training.stop import Stop
from kfood.training.train import train
from support.tiny import CLASSES

pytestmark = pytest.mark.slow

ROTATED = {"transforms": ["rotation"], "max_degrees": 90}
PROBE = {"epochs": 5, "views": 3, "lr": 0.05, "batch_size": 16}


@pytest.fixture
def made(tiny):
    """Return a function as `tiny`, with a probe and a batch that does not divide the photos."""

    def make(norm=True, **sections):
        training = {"batch_size": 14, **sections.pop("training", {})}
        return tiny(norm, training=training, **{"augment": ROTATED, "probe": PROBE, **sections})

    return make


@pytest.fixture
def asked(monkeypatch):
    """How many photos the body was given, one number a batch."""
    calls, pooled = [], Classifier.pooled
    monkeypatch.setattr(Classifier, "pooled", lambda model, photos: calls.append(len(photos)) or pooled(model, photos))
    return calls


def features_of(one):
    return body_features(one.learner, one.recipe)


def by_hand(model, items):
    """Features photo by photo, without any loader."""
    model.eval()
    rows = []
    for item in items:
        pixels = torch.tensor(np.array(Image.open(item.path).convert("RGB"))).permute(2, 0, 1).float() / 127.5 - 1
        with torch.no_grad():
            rows.append(model.body.norm(model.body.conv(pixels[None])).relu().mean((2, 3))[0])
    return torch.stack(rows)


def kept():
    return sorted(Path(os.environ["KFOOD_CACHE"], "features").glob("*"))


def npz(**arrays):
    np.savez(file := BytesIO(), **arrays)
    return file.getvalue()


def same(first, second):
    return all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("method", ["none", "over"])
def test_features_are_what_the_body_gives_photo_by_photo(made, method):
    one = made(sampling={"method": method})
    one.model.body.norm.running_mean.normal_()
    features, (train_items, valid_items) = features_of(one), [part.items for part in one.dls]
    numbers = [torch.tensor([CLASSES.index(item.label) for item in items]) for items in (train_items, valid_items)]
    plain = by_hand(one.model, train_items)
    n = len(plain)
    assert features.train.shape == (3 * n, 8)
    torch.testing.assert_close(features.train[:n], plain, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(features.valid, by_hand(one.model, valid_items), rtol=1e-4, atol=1e-4)
    assert torch.equal(features.train_labels, numbers[0].repeat(3))
    assert torch.equal(features.valid_labels, numbers[1])


def test_later_views_are_augmented_each_in_its_own_way(made):
    first, second, third = features_of(made()).train.chunk(3)
    assert (first - second).abs().amax(1).min() > 1e-4
    assert (first - third).abs().amax(1).min() > 1e-4
    assert (second - third).abs().amax(1).min() > 1e-4
    assert (first - second).abs().mean() < (first - first.roll(20, 0)).abs().mean()  # but of the same photo


def test_features_known_from_before_are_read_and_the_body_is_not_run(made, asked):
    computed = features_of(made())
    assert sum(asked) >= 3 * 60 + 24
    asked.clear()
    assert same(features_of(made()), computed)
    assert asked == []
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "sections",
    [
        {"training": {"seed": 1}},
        {"augment": {**ROTATED, "max_degrees": 45}},
        {"data": {"size": 40}},
        {"data": {"size": 32, "denoise": "blur"}},
        {"probe": {**PROBE, "views": 2}},
    ],
    ids=["seed", "augment", "size", "denoise", "views"],
)
def test_other_settings_have_features_of_their_own(made, tiny_samples, sections):
    one = made()
    computed = features_of(one)
    settings = one.recipe.model_dump()
    for changed, n_kept in (({}, 1), (sections, 2)):  # as it was read from a run's folder, and with other settings
        validated = type(one.recipe).model_validate(
            {**settings, **{key: {**settings[key], **changed[key]} for key in changed}}
        )
        learner = build_learner(build_dataloaders(tiny_samples, validated), one.model, validated)
        assert same(body_features(learner, validated)[:1], computed[:1]) == (not changed)
        assert len(kept()) == n_kept


def test_a_photo_that_changed_under_its_name_is_computed_anew(made, tiny_samples, tmp_path):
    copies = [shutil.copy(path, tmp_path) for path in tiny_samples["path"]]
    one, found = made(), []
    for _ in range(2):
        dls = build_dataloaders(tiny_samples.assign(path=copies), one.recipe)
        found.append(body_features(build_learner(dls, one.model, one.recipe), one.recipe).train)
        Image.new("RGB", (32, 32)).save(copies[0])
    assert not torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1:60], found[1][1:60])


def test_class_numbers_are_those_of_the_training_that_asks(made, tiny_samples, asked):
    """A class that only test photos have shifts the numbers of the others."""
    one = made()
    first = features_of(one)
    asked.clear()
    more = pd.concat([tiny_samples, tiny_samples[tiny_samples["split"] == "test"].assign(label="가")])
    again = body_features(build_learner(build_dataloaders(more, one.recipe), one.model, one.recipe), one.recipe)
    assert asked == []
    assert torch.equal(again.train_labels, first.train_labels + 1)


@pytest.mark.parametrize("name", ["conv.weight", "norm.running_var"])
def test_another_body_has_features_of_its_own_and_another_head_has_not(made, asked, name):
    computed, one = features_of(made()), made()
    one.model.head[0].weight.data.add_(1)
    asked.clear()
    assert same(features_of(one), computed)
    assert asked == []
    one.model.body.state_dict()[name].view(-1)[0].add_(0.5)
    assert not torch.equal(features_of(one).valid, computed.valid)
    assert asked
    assert len(kept()) == 2


def test_two_networks_with_the_same_weights_have_features_of_their_own(tiny_samples):
    pooled = []
    for arch in ("tf_efficientnet_lite0", "efficientnet_lite0"):  # they differ in how they fill up the border
        recipe = validate({"data": {"size": 32}, "model": {"arch": arch}, "probe": {"epochs": 1}}, "test")
        recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"batch_size": 20})})
        set_seed(0, reproducible=True)
        model = build_model(recipe.model, 3, 32)
        learner = build_learner(build_dataloaders(tiny_samples, recipe), model, recipe)
        pooled.append(body_features(learner, recipe).valid)
    assert not torch.equal(*pooled)


def test_features_do_not_depend_on_what_was_computed_for_another_batch_size(made, monkeypatch, tmp_path):
    augment = {"transforms": ["rotation", "horizontal_flip"]}
    features_of(made(augment=augment, training={"batch_size": 20}))
    found = features_of(made(augment=augment, training={"batch_size": 14}))
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "empty"))
    torch.testing.assert_close(features_of(made(augment=augment, training={"batch_size": 14})).train, found.train)


def test_settings_of_the_head_compute_nothing_anew(made, asked):
    features_of(made())
    asked.clear()
    features_of(made(probe={**PROBE, "epochs": 9, "lr": 0.1}, loss={"label_smoothing": 0.1}, sampling={}))
    assert asked == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:-100],
        lambda whole: whole[:600] + bytes([whole[600] ^ 1]) + whole[601:],
        lambda whole: npz(features=np.zeros((204, 8), "f4")),
        lambda whole: npz(key=np.arange(204).astype("S96"), features=np.zeros((203, 8), "f4")),
        lambda whole: npz(key=np.arange(203).astype("S96"), features=np.zeros((203, 8), "f4")),
        lambda whole: npz(key=np.arange(204).astype("S96"), features=np.zeros((204, 8))),
    ],
    ids=["empty", "cut", "a bit", "no keys", "too few features", "other photos", "other numbers"],
)
def test_a_damaged_file_is_computed_again_and_replaced(made, asked, damage):
    computed = features_of(made())
    kept()[0].write_bytes(damage(kept()[0].read_bytes()))
    assert same(features_of(made()), computed)
    asked.clear()
    assert same(features_of(made()), computed)
    assert asked == []


def random_state():
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


def test_random_numbers_after_it_are_the_same_whether_computed_or_known(made):
    states = []
    for _ in range(2):
        one = made()
        features_of(one)
        states.append(random_state())
    for computed, known in zip(*states, strict=True):
        assert computed == known


def test_a_probe_ends_the_same_whether_features_are_computed_or_known(made):
    heads, rows = [], []
    for _ in range(2):
        one = made()
        rows.append(fit_probe(one.learner, one.recipe))
        heads.append(one.model.head[0].weight.detach().clone())
    assert torch.equal(*heads)
    assert rows[0]["valid_loss"] == rows[1]["valid_loss"]


def test_the_head_learns_and_the_body_stays(made):
    one = made()
    before = {name: tensor.clone() for name, tensor in one.model.state_dict().items()}
    row = fit_probe(one.learner, one.recipe)
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, before[name]) == name.startswith("body."), name
    assert all(parameter.requires_grad for parameter in one.model.parameters())
    assert row["epoch"] == 0
    loss, accuracy = one.learner.validate()  # the row tells what the whole model does
    assert row["valid_loss"] == pytest.approx(loss, rel=1e-3)
    assert row["valid_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert accuracy > 0.6


@pytest.mark.parametrize(("method", "shares"), [("over", (1 / 3, 1 / 3, 1 / 3)), ("none", (0.57, 0.29, 0.14))])
def test_oversampling_draws_every_class_equally_often(made, tiny_samples, monkeypatch, method, shares):
    number = tiny_samples.groupby(["label", "split"]).cumcount()
    wanted = tiny_samples["label"].map(dict(zip(CLASSES, (20, 10, 5), strict=True)))
    samples = tiny_samples[(tiny_samples["split"] != "train") | (number < wanted)]
    one = made(sampling={"method": method}, probe={**PROBE, "epochs": 12})
    drawn, batch = [], probe_module.FeatureLoader.create_batch

    def watched(loader, rows):
        features, labels = batch(loader, rows)
        if loader.drop_last:
            drawn.extend(labels.tolist())
        return features, labels

    monkeypatch.setattr(probe_module.FeatureLoader, "create_batch", watched)
    fit_probe(build_learner(build_dataloaders(samples, one.recipe), one.model, one.recipe), one.recipe)
    assert len(drawn) == 12 * (3 * 35 // 16 * 16)
    assert np.bincount(drawn) / len(drawn) == pytest.approx(shares, abs=0.05)


def test_class_weights_turn_the_head_towards_their_class(made):
    shares = []
    for weights in ({}, {CLASSES[1]: 30.0}):
        one = made(loss={"class_weights": weights})
        fit_probe(one.learner, one.recipe)
        with torch.no_grad():
            shares.append(one.model.head(features_of(one).valid).softmax(1)[:, 1].mean().item())
    assert shares[1] > shares[0] + 0.1


@pytest.fixture
def places(tmp_path):
    names = {"history_file": "history.csv", "checkpoints": ""}
    return SimpleNamespace(**{name: tmp_path / file for name, file in names.items()})


@pytest.mark.parametrize("name", ["none", "step", "exponential", "cosine", "one_cycle"])
def test_a_probe_alone_leaves_one_row_and_its_weights(made, places, monkeypatch, name):
    one = made(training={"epochs": 0}, schedule={"name": name})
    after = []
    monkeypatch.setattr(
        fit_module, "fit_probe", lambda *given, **more: [fit_probe(*given, **more), after.append(weights(one.model))][0]
    )
    fit_module.fit(one.learner, one.recipe, places, Stop())
    assert pd.read_csv(places.history_file)["epoch"].tolist() == [0]
    assert torch.equal(weights(one.model), after[0])


def weights(model):
    return torch.cat([tensor.flatten().float() for tensor in model.state_dict().values()])


class GivenAccuracy(Callback):
    """Replaces the accuracy of every epoch of the training (not of the probe)."""

    order = 51

    def __init__(self, accuracy):
        self.accuracy, self.seen = accuracy, []

    def after_epoch(self):
        self.learn.recorder.values[-1] = [*self.learn.recorder.values[-1][:2], self.accuracy]
        self.seen.append(weights(self.model))


@pytest.mark.parametrize(
    ("accuracy", "restore", "winner"),
    [(0.0, True, "probe"), (0.0, False, "last"), (2.0, True, "first")],
    ids=["worse", "worse-but-not-restored", "better"],
)
def test_training_after_a_probe_ends_with_the_better_weights(made, places, monkeypatch, accuracy, restore, winner):
    one = made(training={"epochs": 2, "restore_best": restore}, optimizer={"lr": 0.5})
    given, after = GivenAccuracy(accuracy), []
    one.learner.add_cb(given)
    monkeypatch.setattr(
        fit_module, "fit_probe", lambda *args, **more: [fit_probe(*args, **more), after.append(weights(one.model))][0]
    )
    fit_module.fit(one.learner, one.recipe, places, Stop())
    assert pd.read_csv(places.history_file)["epoch"].tolist() == [0, 1, 2]
    expected = {"probe": after[0], "first": given.seen[0], "last": given.seen[-1]}
    assert not torch.equal(expected["probe"], expected["first"])
    assert torch.equal(weights(one.model), expected[winner])


def test_a_run_of_a_probe_alone_is_done_and_judged(make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 16, "김밥": 16})
    settings = ["model.arch=resnet10t", "data.size=32", "probe.epochs=5", "training.epochs=0"]
    recipe = load_recipe("mission1", [*settings, "training.batch_size=8", "training.workers=0"], str(photos))
    run = train(recipe, tmp_path / "runs")
    assert run.status == DONE
    assert run.history["epoch"].tolist() == [0]
    assert (run.metrics["best_epoch"], run.metrics["epochs"]) == (0, 0)
    assert run.metrics["valid"]["accuracy"] == pytest.approx(run.history["valid_accuracy"][0])
    assert run.predictions["split"].value_counts().to_dict() == {
        split: int((run.samples["split"] == split).sum()) for split in ("valid", "test")
    }
