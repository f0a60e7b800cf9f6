"""History, best epoch, freezing and the guard against losses that are no numbers."""

import re
from pathlib import Path

import pandas as pd
import pytest
import torch
from fastai.callback.core import Callback
from fastai.learner import AvgSmoothLoss
from fastai.torch_core import set_seed

from kfood.errors import KfoodError
from kfood.training.callbacks.best_epoch import BestEpoch
from kfood.training.callbacks.freeze import FreezeBody
from kfood.training.callbacks.history import History
from kfood.training.callbacks.terminate_on_nan import TerminateOnNaN
from support.tiny import numbers


class GivenAccuracies(Callback):
    """Replaces the accuracy of each epoch by one that the test chooses; runs right after fastai's recorder."""

    order = 51

    def __init__(self, *accuracies):
        self.accuracies = accuracies

    def after_epoch(self):
        values = self.learn.recorder.values[-1]
        self.learn.recorder.values[-1] = [*values[:2], self.accuracies[self.epoch]]


class KeepWeights(Callback):
    order = 54

    def before_fit(self):
        self.by_epoch = []

    def after_epoch(self):
        self.by_epoch.append(numbers(self.model))


def fit(made, epochs, *callbacks):
    with made.learner.no_logging():
        made.learner.fit(epochs, cbs=list(callbacks))


def test_history_has_the_epochs_own_mean_loss(tiny, tmp_path):
    made, losses = tiny(), []

    class BatchLosses(Callback):
        run_valid = False

        def after_loss(self):
            losses.append(self.loss_grad.item())

    fit(made, 2, History(tmp_path / "history.csv"), BatchLosses())
    table = pd.read_csv(tmp_path / "history.csv")
    assert table["epoch"].tolist() == [1, 2]
    # five batches of equal size an epoch; fastai's own figure is an exponential mean over both epochs
    assert table["train_loss"].tolist() == pytest.approx([sum(losses[:5]) / 5, sum(losses[5:]) / 5], rel=1e-5)
    assert table["valid_accuracy"].iloc[-1] == pytest.approx(made.learner.validate()[1])


def test_training_ends_after_patience_and_with_the_best_weights(tiny):
    made, keep = tiny(training={"epochs": 9}), KeepWeights()
    accuracies = GivenAccuracies(0.5, 0.7, 0.6, 0.7, 0.65, 0.9, 0.9, 0.9, 0.9)
    fit(made, 9, accuracies, keep, BestEpoch(patience=3, restore=True))
    assert len(keep.by_epoch) == 5  # epoch 2 was the best; 3, 4 (equal is not better) and 5 were not
    torch.testing.assert_close(numbers(made.model), keep.by_epoch[1])


def test_without_restoring_the_last_weights_stay(tiny):
    made, keep = tiny(), KeepWeights()
    fit(made, 3, GivenAccuracies(0.9, 0.1, 0.1), keep, BestEpoch(patience=0, restore=False))
    torch.testing.assert_close(numbers(made.model), keep.by_epoch[2])


def test_an_older_trainings_weights_are_never_loaded(tiny):
    """fastai's SaveModelCallback loads whatever best.pth lies there when no epoch was better (NaN)."""
    best, nan = BestEpoch(5, restore=True), float("nan")
    fit(tiny(), 1, GivenAccuracies(0.9), best)
    made, keep = tiny(), KeepWeights()
    fit(made, 2, GivenAccuracies(nan, nan), keep, best)
    torch.testing.assert_close(numbers(made.model), keep.by_epoch[-1])


def test_a_frozen_body_waits_and_then_learns(tiny):
    made, keep = tiny(training={"epochs": 3}), KeepWeights()
    start = made.model.body.conv.weight.detach().clone()
    bodies = []

    class Bodies(Callback):
        def after_epoch(self):
            bodies.append(self.model.body.conv.weight.detach().clone())

    fit(made, 3, keep, Bodies(), FreezeBody(2))
    torch.testing.assert_close(bodies[0], start)
    torch.testing.assert_close(bodies[1], start)
    assert not torch.equal(bodies[2], start)
    assert not torch.equal(keep.by_epoch[0], keep.by_epoch[1])  # the head learned meanwhile


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_training(tiny, bad):
    made = tiny()
    with torch.no_grad():
        made.model.head[0].bias.fill_(bad)
    words = r"^The loss is nan in epoch 1, batch 1, of .*, at learning rate 0.001 in float32: training diverged"
    with pytest.raises(KfoodError, match=words):
        fit(made, 1, TerminateOnNaN())


def test_the_photos_of_the_batch_are_named(tiny, monkeypatch):
    """The third batch, of photos drawn at random, by what its labels and pixels are."""
    made, seen = tiny(training={"batch_size": 2}), []

    class Spoils(Callback):
        order = -6  # before the loss is looked at

        def after_loss(self):
            if self.iter == 2:
                seen.extend(made.dls.vocab[number] for number in self.y)
                self.learn.loss_grad = self.learn.loss_grad * float("nan")

    with pytest.raises(KfoodError) as raised:
        fit(made, 1, TerminateOnNaN(), Spoils())
    named = re.search(r"batch 3, of (.*), at learning", str(raised.value))[1].split(", ")
    label = {f"{Path(photo.path).parent.name}/{Path(photo.path).name}": photo.label for photo in made.dls.train.items}
    assert [label[name] for name in named] == seen
    assert len(seen) == 2


def test_nothing_is_kept_of_a_training_that_a_gpu_has_not_been_asked_about(tiny):
    """A GPU is asked for many losses at once; a state that is kept in between must be of sound weights."""
    made = tiny()
    check = TerminateOnNaN()

    class UnseenOnAGpu(Callback):
        run_valid = False

        def after_batch(self):
            check.unseen = [(0, torch.tensor(1.0)), (1, torch.tensor(float("inf"))), (2, torch.tensor(float("nan")))]
            with pytest.raises(KfoodError, match=r"^The loss is inf in epoch 1, batch 2, of .*, at learning"):
                check.state_dict()
            assert check.state_dict() == {}

    fit(made, 1, check, UnseenOnAGpu())


def test_the_smoothed_loss_is_fastais(tiny):
    plain, ours = tiny(), tiny()
    vars(plain.learner.recorder)["smooth_loss"] = AvgSmoothLoss()
    for made in (plain, ours):
        set_seed(0)
        fit(made, 2)
    assert len(ours.learner.recorder.losses) > 2
    assert [float(loss) for loss in ours.learner.recorder.losses] == [
        float(loss) for loss in plain.learner.recorder.losses
    ]


def test_a_very_large_loss_does_not(tiny):
    made = tiny()
    with torch.no_grad():
        made.model.head[0].bias[0] = 1e30
    fit(made, 1, TerminateOnNaN())


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_normalisation_keeps_its_statistics_and_learns_its_weights_where_asked(tiny, frozen):
    made = tiny(norm=True, model={"freeze_norm": frozen}, optimizer={"name": "sgd", "lr": 0.1})
    norm = made.model.body.norm
    mean, weight = norm.running_mean.clone(), norm.weight.detach().clone()
    with made.learner.no_logging():
        made.learner.fit(1)
    assert torch.equal(norm.running_mean, mean) == frozen
    assert not torch.equal(norm.weight, weight)
