"""The learning rate finder: a curve and suggestions for each seed, and nothing else touched."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.callback.core import Callback

from kfood.data.prepare import prepare_samples
from kfood.errors import KfoodError
from kfood.recipes.explain import validate
from kfood.recipes.load import load_recipe
from kfood.training import learner as learner_module
from kfood.training import lr_range
from kfood.training.lr_range import LrRange, search_learning_rate, suggest
from kfood.training.restore import restore_learner
from kfood.training.train import train
from support.out_of_memory import OUT_OF_MEMORY
from support.small import SMALL
from support.tiny import numbers, tiny_model

pytestmark = pytest.mark.slow


def test_a_curve_and_suggestions_for_each_seed(tiny, tiny_samples, monkeypatch):
    monkeypatch.setattr(learner_module, "build_model", lambda *_: tiny_model())
    recipe = tiny(optimizer={"name": "adam"}).recipe
    found = search_learning_rate(recipe, tiny_samples, start=None, seeds=2, iterations=60)
    assert found.curves["seed"].unique().tolist() == [0, 1]
    for _, curve in found.curves.groupby("seed"):
        assert curve["lr"].iloc[0] == pytest.approx(1e-7)
        assert curve["lr"].is_monotonic_increasing
        assert len(curve) > 40
    assert list(found.suggestions) == ["seed", "valley", "steep", "minimum", "slide"]
    assert 1e-7 < found.lr < 10
    again = search_learning_rate(recipe, tiny_samples, start=None, seeds=2, iterations=60)
    pd.testing.assert_frame_equal(again.curves, found.curves)


class Watch(Callback):
    """Notes, of each training batch, which tensors learn, with which rates, and what the head began with."""

    order = 98
    run_valid = False

    def __init__(self):
        self.learning, self.shares, self.head = [], set(), None

    def before_batch(self):
        if self.head is None:
            self.head = numbers(self.model.head)

    def before_step(self):
        names = {name for name, each in self.model.named_parameters() if each.grad is not None and each.requires_grad}
        self.learning.append(names)
        body, head = (of["lr"] for of in self.opt.hypers)
        self.shares.add(round(body / head, 6))


@pytest.fixture
def watched(monkeypatch):
    """Return a function: what to do -> the `Watch` of the learner that it trained last."""

    def watch(work):
        watches, build = [], learner_module.build_learner

        def built(*about):
            learner = build(*about)
            watches.append(Watch())
            learner.add_cb(watches[-1])
            return learner

        with monkeypatch.context() as patch:
            for module in (learner_module, lr_range):
                patch.setattr(module, "build_learner", built)
            work()
        return watches[-1]

    return watch


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("model.frozen_stages=2",),
        ("model.freeze_epochs=1",),
        ("optimizer.body_lr=0.25", "model.frozen_stages=1", "model.freeze_norm=true"),
        ("probe.epochs=2", "model.freeze_epochs=2"),
    ],
    ids=" ".join,
)
def test_it_is_found_for_the_training_as_it_will_be(make_photos, tmp_path, watched, settings):
    """Batch by batch, the same tensors learn, with the same share of the rate, from the same head."""
    photos = make_photos(tmp_path / "photos", {"갈비찜": 40, "김밥": 40})
    recipe = load_recipe("mission1", [*SMALL, *settings], str(photos))
    training = watched(lambda: train(recipe, tmp_path / "runs"))
    samples = prepare_samples(recipe.data).samples
    steps = len(training.learning)
    finding = watched(lambda: search_learning_rate(recipe, samples, None, seeds=1, iterations=40))
    assert len({len(names) for names in training.learning}) == (2 if "model.freeze_epochs=1" in settings else 1)
    assert finding.learning[:steps] == training.learning[: len(finding.learning)]
    assert finding.shares == training.shares
    assert torch.equal(finding.head, training.head)


@pytest.mark.slow
def test_a_runs_learner_goes_on_with_what_has_learned(make_photos, tmp_path, watched):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 40, "김밥": 40})
    settings = ("model.frozen_stages=2", "optimizer.body_lr=0.25", "training.epochs=1")
    recipe = load_recipe("mission1", [*SMALL, *settings], str(photos))
    runs = []
    training = watched(lambda: runs.append(train(recipe, tmp_path / "runs")))
    learner, again = restore_learner(runs[0]), Watch()
    learner.fit(1, cbs=again)
    assert again.learning[0] == training.learning[0] != {name for name, _ in learner.model.named_parameters()}
    assert again.shares == training.shares == {0.25}


def test_a_probe_alone_has_no_such_rate(tiny, tiny_samples):
    recipe = tiny(training={"epochs": 0}, probe={"epochs": 2}).recipe
    with pytest.raises(KfoodError, match="trains a probe alone"):
        search_learning_rate(recipe, tiny_samples, None)


def test_suggestions_lie_where_the_loss_falls():
    lrs = np.logspace(-7, 1, 100)
    # flat, then falling from 1e-4 to 1e-1, then rising
    logs = np.log10(lrs)
    losses = np.where(logs < -4, 1.0, np.where(logs < -1, 1 - (logs + 4) / 3 * 0.8, 0.2 + (logs + 1) ** 2))
    found = suggest(pd.DataFrame({"lr": lrs, "loss": losses}), 100)
    assert 1e-4 < found["valley"] < 1e-1
    assert found["minimum"] == pytest.approx(0.1 / 10, rel=0.3)  # fastai: a tenth of the lowest point


def test_a_curve_too_short_for_a_rule_gives_nan():
    found = suggest(pd.DataFrame({"lr": [1e-7] * 8, "loss": [1.0] * 8}), 100)
    assert all(math.isnan(value) for value in found.values())


def test_spread_and_choice_over_seeds():
    suggestions = pd.DataFrame({"seed": [0, 1, 2], "valley": [1e-3, 3e-3, 2e-3], "steep": [1e-3, math.nan, 1e-3]})
    found = LrRange(pd.DataFrame(), suggestions)
    assert found.lr == 2e-3
    assert found.spread().loc["valley"].tolist() == [1e-3, 2e-3, 3e-3, 3]
    assert found.spread().loc["steep", "seeds"] == 2


@pytest.mark.parametrize("error", OUT_OF_MEMORY[:3])
def test_where_memory_runs_out_trials_go_in_parts(monkeypatch, error):
    asked = []

    def trial(recipe, samples, start, seed, iterations):
        asked.append(recipe.training.accumulate)
        if recipe.training.accumulate < 4:
            raise error
        lrs = np.geomspace(1e-7, 10, iterations)
        return pd.DataFrame({"lr": lrs, "loss": 2 - np.linspace(0, 1, iterations)})

    monkeypatch.setattr(lr_range, "_one_trial", trial)
    recipe = validate({"training": {"batch_size": 16}}, "test")
    lr_range.search_learning_rate(recipe, pd.DataFrame(), None, seeds=2, iterations=40)
    assert asked == [1, 2, 4, 4]
