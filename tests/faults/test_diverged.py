"""NaN and infinity, put in wherever numbers are made: one sentence, and no run that looks finished."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.callback.core import Callback
from safetensors.torch import load_file, save_file

from kfood.data.prepare import prepare_samples
from kfood.errors import KfoodError
from kfood.evaluation import embeddings
from kfood.evaluation.embeddings import embed
from kfood.model.build import Classifier
from kfood.pairs.cascade import make_cascade
from kfood.prediction.run_predictor import RunPredictor
from kfood.recipes.load import load_recipe
from kfood.run.find import all_runs
from kfood.run.folder import DONE, FAILED, Run
from kfood.training import fit as fit_module
from kfood.training import lr_range
from kfood.training.lr_find import find_learning_rate
from kfood.training.restore import predictor_of
from kfood.training.train import resume, train
from support.small import SMALL

pytestmark = pytest.mark.slow

BAD = [math.nan, math.inf]


@pytest.fixture(scope="module")
def photos(two_runs) -> str:
    return two_runs.main.recipe.data.root


@pytest.fixture
def broken(two_runs, tmp_path):
    """Return a function that copies a run with a number in its weights replaced, as if it had been trained so."""

    def make(value: float) -> Run:
        run = Run(shutil.copytree(two_runs.main.folder, tmp_path / "broken"))
        weights = load_file(run.weights_file)
        next(tensor for tensor in weights.values() if tensor.is_floating_point()).flatten()[0] = value
        save_file(weights, run.weights_file)
        _sealed(run)
        return Run(run.folder)

    return make


def _sealed(run: Run) -> None:
    run.checksums.add(run.weights_file, run.predictions_file)


@pytest.mark.parametrize("value", BAD)
def test_weights_that_are_no_numbers_are_refused_wherever_they_are_read(broken, two_runs, photos, tmp_path, value):
    run = broken(value)
    samples = run.samples
    start = load_recipe("mission1", [*SMALL, f"model.start_from={run.folder}"], photos)
    for work in (
        lambda: predictor_of(run),
        lambda: RunPredictor(run),
        lambda: embed(samples, run),
        lambda: make_cascade(run, two_runs.pair, tmp_path),
        lambda: train(start, tmp_path / "runs"),
        lambda: find_learning_rate(start, tmp_path / "runs", 1, 40),
    ):
        with pytest.raises(KfoodError, match=r"model.safetensors: weights such as .* are no numbers .*diverged"):
            work()
    assert all_runs(tmp_path / "runs") == []


@pytest.mark.parametrize("value", BAD)
def test_a_file_of_pretrained_weights(photos, tmp_path, value):
    from kfood.model.body import build_body

    weights = build_body("test_resnet", 32).state_dict()
    next(iter(weights.values())).flatten()[0] = value
    save_file(weights, tmp_path / "w.safetensors")
    settings = [*SMALL, "model.pretrained=true", f"model.pretrained_file={tmp_path / 'w.safetensors'}"]
    with pytest.raises(KfoodError, match=r"w\.safetensors: weights such as .* are no numbers"):
        train(load_recipe("mission1", settings, photos), tmp_path / "runs")


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("when", ["validating", "predicting"])
def test_what_the_network_says_after_a_sound_training_step(photos, tmp_path, monkeypatch, value, when):
    """Weights are sound, answers are not: in validation of an epoch, or in the prediction at the end."""
    logits, fitted = Classifier._logits, []

    def spoiled(model, given):
        found = logits(model, given)
        bad = not model.training and bool(fitted) == (when == "predicting")
        return found * value if bad else found

    fit = fit_module.fit
    monkeypatch.setattr(Classifier, "_logits", spoiled)
    monkeypatch.setattr(fit_module, "fit", lambda *args: (fit(*args), fitted.append(True))[0])
    with pytest.raises(KfoodError, match="diverged") as caught:
        train(load_recipe("mission1", SMALL, photos), tmp_path / "runs")
    words = (
        "loss on validation photos is nan after epoch 1"
        if when == "validating"
        else "the predictions of 42 of 42 photos"
    )
    assert words.lower() in str(caught.value).lower()
    (run,) = all_runs(tmp_path / "runs")
    assert run.status == FAILED and "diverged" in run.why_failed
    assert not run.metrics_file.exists()
    monkeypatch.setattr(Classifier, "_logits", logits)
    resume(run)  # what went wrong once, such as on a faulty GPU, need not go wrong twice
    assert Run(run.folder).status == DONE
    assert np.isfinite(Run(run.folder).history["valid_loss"]).all()


@pytest.mark.parametrize("value", BAD)
def test_features_of_a_probe(photos, tmp_path, monkeypatch, value):
    pooled = embeddings._pooled_batch
    monkeypatch.setattr(embeddings, "_pooled_batch", lambda *args: pooled(*args) * np.float32(value))
    recipe = load_recipe("mission1", [*SMALL, "training.epochs=0", "probe.epochs=2"], photos)
    with pytest.raises(KfoodError, match=r"The features of \d+ of \d+ photos, such as .* are no numbers .*diverged"):
        train(recipe, tmp_path / "runs")
    monkeypatch.setattr(embeddings, "_pooled_batch", pooled)  # nothing of it is kept
    assert resume(all_runs(tmp_path / "runs")[0]).status == DONE


@pytest.mark.parametrize("value", BAD)
def test_features_of_any_photos(two_runs, monkeypatch, value):
    pooled = embeddings._pooled_batch
    monkeypatch.setattr(embeddings, "_pooled_batch", lambda *args: pooled(*args) * np.float32(value))
    samples = prepare_samples(two_runs.main.recipe.data).samples
    with pytest.raises(KfoodError, match=r"The features of \d+ of \d+ photos"):
        embed(samples, two_runs.main)
    monkeypatch.setattr(embeddings, "_pooled_batch", pooled)
    assert np.isfinite(embed(samples, two_runs.main)).all()


def test_the_head_of_a_probe(photos, tmp_path):
    settings = ["training.epochs=0", "probe.epochs=40", "probe.lr=10", "optimizer.name=sgd", "optimizer.momentum=0.999"]
    recipe = load_recipe("mission1", [*SMALL, *settings, "probe.weight_decay=9"], photos)
    with pytest.raises(KfoodError, match=r"training diverged\. This is the probe: try a smaller probe\.lr"):
        train(recipe, tmp_path / "runs")


@pytest.mark.parametrize("value", BAD)
def test_lr_find(photos, tmp_path, monkeypatch, value):
    class Spoils(Callback):
        order = -6

        def after_loss(self):
            self.learn.loss_grad = self.learn.loss_grad * value

    build = lr_range.build_learner
    monkeypatch.setattr(lr_range, "build_learner", lambda *args: build(*args).add_cb(Spoils()))
    recipe = load_recipe("mission1", SMALL, photos)
    with pytest.raises(KfoodError, match="lr_find suggests no learning rate for mission1: the loss was a number in"):
        find_learning_rate(recipe, tmp_path / "runs", 1, 40)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("value", BAD)
def test_predictions_of_an_older_run(two_runs, tmp_path, value):
    """Whatever draws, tests or calibrates reads them here."""
    run = Run(shutil.copytree(two_runs.main.folder, tmp_path / "old"))
    table = pd.read_csv(run.predictions_file, encoding="utf-8-sig")
    table.loc[[2, 5], "probability"] = value
    table.to_csv(run.predictions_file, index=False, encoding="utf-8-sig")
    _sealed(run)
    with pytest.raises(KfoodError, match=r"says of 2 photos are no numbers \(NaN or infinite\): the training diverged"):
        assert Run(run.folder).predictions is None


def test_weights_after_the_last_step(photos, tmp_path, monkeypatch):
    """No loss has seen the last step where only the weights of the last epoch count."""

    whole = fit_module.fit

    def fit(learner, *args):
        seconds = whole(learner, *args)
        with torch.no_grad():
            next(learner.model.parameters()).fill_(math.nan)
        return seconds

    monkeypatch.setattr(fit_module, "fit", fit)
    with pytest.raises(KfoodError, match="After the last epoch: weights such as"):
        train(load_recipe("mission1", SMALL, photos), tmp_path / "runs")
    assert all_runs(tmp_path / "runs")[0].status == FAILED
