"""Whole trainings on small photos: what they leave behind, that they repeat, and what they start from."""

import json
import shutil
import sysconfig
import warnings
from pathlib import Path

import pandas as pd
import pytest
import timm
from safetensors.torch import save_file
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from kfood.errors import KfoodError
from kfood.evaluation.predict import predict
from kfood.recipes.load import load_recipe
from kfood.run.find import all_runs, find_run, finished_runs
from kfood.run.folder import DONE, FAILED, INTERRUPTED
from kfood.training.callbacks.show_progress import ShowProgress
from kfood.training.checkpoint_files import load_checkpoint
from kfood.training.restore import restore_learner
from kfood.training.train import train

pytestmark = pytest.mark.slow

SMALL = (
    "model.arch=mobilenetv3_small_050",
    "data.size=32",
    "training.epochs=2",
    "training.batch_size=8",
    "training.workers=0",
)
can_compile = shutil.which("g++") and Path(sysconfig.get_path("include"), "Python.h").exists()
CLASSES = {"갈비찜": 50, "김밥": 35, "돼지갈비찜": 35}


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path / "photos", CLASSES)


def recipe(name, photos, *settings):
    return load_recipe(name, [*SMALL, *settings], str(photos))


def test_a_run_holds_all_that_the_training_was(photos, tmp_path):
    run = train(recipe("mission1", photos), tmp_path / "runs")
    assert run.status == DONE
    assert run.recipe == recipe("mission1", photos)
    assert run.history["epoch"].tolist() == [1, 2]
    splits = run.samples["split"].value_counts()
    judged = run.predictions
    assert judged["split"].value_counts().to_dict() == {"test": splits["test"], "valid": splits["valid"]}
    assert judged[["p_갈비찜", "p_김밥", "p_돼지갈비찜"]].sum(axis=1).tolist() == pytest.approx(
        [1] * len(judged), abs=1e-5
    )
    test = judged[judged["split"] == "test"]
    assert run.metrics["test"]["accuracy"] == pytest.approx((test["label"] == test["predicted"]).mean())
    assert run.metrics["test"]["accuracy_low"] <= run.metrics["test"]["accuracy"]
    best = run.history["valid_accuracy"].max()
    assert run.metrics["valid"]["accuracy"] == pytest.approx(best)  # the best epoch's weights were judged
    assert run.environment["packages"]["fastai"]
    assert "epoch 2 of 2" in run.log_file.read_text(encoding="utf-8")


def test_a_training_warns_of_nothing_that_nobody_can_change(photos, tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="You are shadowing an attribute")  # fastai's, of a name that is taken
        run = train(recipe("mission1", photos), tmp_path / "runs")
        restore_learner(run).predict(run.samples["path"].iloc[0])


def test_the_learner_of_a_run_predicts_what_the_run_predicted(photos, tmp_path):
    run = train(recipe("mission1", photos, "augment.transforms=rotation"), tmp_path / "runs")
    pd.testing.assert_frame_equal(
        predict(restore_learner(run), run.samples, run.recipe.data.size), run.predictions, atol=1e-6
    )


def test_how_pixels_come_to_pretrained_weights_goes_on_to_what_starts_from_them(photos, tmp_path):
    weights = tmp_path / "weights.safetensors"
    save_file(timm.create_model("mobilenetv3_small_050").state_dict(), weights)
    runs, from_file = tmp_path / "runs", (f"model.pretrained_file={weights}", "model.pretrained=true")
    first = train(recipe("mission1", photos, *from_file), runs)
    assert restore_learner(first).model.normalization == (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD)
    weights.unlink()  # a finished run needs it no more
    second = train(recipe("pair", photos, f"model.start_from={first.folder}"), runs)
    assert restore_learner(second).model.normalization == restore_learner(first).model.normalization
    again = predict(restore_learner(second), second.samples, second.recipe.data.size)
    pd.testing.assert_frame_equal(again, second.predictions, atol=1e-6)


@pytest.mark.skipif(not can_compile, reason="needs a C++ compiler and Python's headers")
def test_a_compiled_network_learns_and_predicts_the_same(photos, tmp_path):
    settings = ("model.arch=test_resnet", "training.precision=float32", "training.epochs=1")
    plain = train(recipe("mission1", photos, *settings), tmp_path / "runs")
    compiled = train(recipe("mission1", photos, *settings, "training.compile=true"), tmp_path / "runs")
    assert compiled.history["train_loss"][0] == pytest.approx(plain.history["train_loss"][0], rel=1e-3)
    assert compiled.metrics["test"]["loss"] == pytest.approx(plain.metrics["test"]["loss"], rel=1e-2)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_same_seed_gives_the_same_training(photos, tmp_path, workers):
    settings = (
        f"training.workers={workers}",
        "augment.transforms=random_crop,rotation,horizontal_flip",
        "sampling.method=over",
        "training.mixup=0.4",
        "data.resize=crop",
        "model.head=dropout_bn",
    )
    first, second = (train(recipe("mission1", photos, *settings), tmp_path / str(n)) for n in range(2))
    pd.testing.assert_frame_equal(first.history.drop(columns="seconds"), second.history.drop(columns="seconds"))
    pd.testing.assert_frame_equal(first.predictions, second.predictions)
    other = train(recipe("mission1", photos, *settings, "training.seed=1"), tmp_path / "other")
    assert not other.history["train_loss"].equals(first.history["train_loss"])


def test_finding_a_learning_rate_first_changes_nothing_else(photos, tmp_path, monkeypatch):
    """lr_find uses up random numbers; the training after it must be the training without it."""
    from kfood.training import lr_range

    monkeypatch.setattr(lr_range.LrRange, "lr", property(lambda found: 0.002))
    monkeypatch.setattr(lr_range.search_learning_rate, "__defaults__", (2, 20))  # seeds, iterations
    found = train(recipe("mission1", photos), tmp_path / "found", find_lr=True)
    given = train(recipe("mission1", photos, "optimizer.lr=0.002"), tmp_path / "given")
    assert found.recipe == given.recipe
    pd.testing.assert_frame_equal(found.predictions, given.predictions)


def test_what_a_recipe_starts_from_is_trained_first_and_found_again(photos, tmp_path, caplog):
    caplog.set_level("INFO", "kfood")
    runs = tmp_path / "runs"
    run = train(recipe("mission3", photos), runs)
    (start,) = finished_runs(runs, "mission2-plain-head")
    assert run.environment["started_from"] == str(start.folder.resolve())
    assert start.recipe.model.arch == "mobilenetv3_small_050"
    assert start.recipe.data.size == 32
    assert "of which there is no such run: it is trained first" in caplog.text
    assert find_run(None, runs).folder == run.folder  # the latest is what was asked for, not its start
    again = train(recipe("mission3", photos), runs)
    assert len(all_runs(runs, "mission2-plain-head")) == 1
    pd.testing.assert_frame_equal(again.predictions, run.predictions)


def test_a_start_that_cannot_be_trained_says_whose_settings_to_change(make_photos, tmp_path):
    few = make_photos(tmp_path / "few", {"갈비찜": 20, "김밥": 20})
    with pytest.raises(KfoodError, match=r"mission2-plain-head, which mission3 starts from.*batch_size is 64"):
        train(recipe("mission3", few), tmp_path / "runs")
    assert all_runs(tmp_path / "runs") == []


def test_a_smoke_run_does_not_become_the_start(photos, tmp_path, caplog):
    runs = tmp_path / "runs"
    smoke = train(recipe("mission2-plain-head", photos), runs)  # two epochs
    run = train(recipe("mission3", photos), runs)
    assert len(all_runs(runs, "mission2-plain-head")) == 2
    assert run.environment["started_from"] != str(smoke.folder.resolve())
    assert "it has training.epochs = 2, not 50" in caplog.text


def test_a_pair_starts_from_all_classes_and_has_the_same_test_photos(photos, tmp_path, caplog):
    runs = tmp_path / "runs"
    whole = train(recipe("mission1", photos), runs)
    pair = train(recipe("pair", photos, f"model.start_from={whole.folder}"), runs)
    assert set(pair.predictions["label"]) == {"갈비찜", "돼지갈비찜"}
    theirs = whole.samples[whole.samples["label"].isin(["갈비찜", "돼지갈비찜"])].set_index("path")["split"]
    assert pair.samples.set_index("path")["split"].to_dict() == theirs.to_dict()
    assert "test accuracy will be too good" not in caplog.text


def test_test_photos_that_the_start_has_trained_on_are_told(photos, tmp_path, caplog):
    runs = tmp_path / "runs"
    whole = train(recipe("mission1", photos), runs)
    train(recipe("pair", photos, f"model.start_from={whole.folder}", "data.split_seed=7"), runs)
    assert "test accuracy will be too good" in caplog.text


def test_a_start_by_path_must_be_finished(photos, tmp_path):
    run = train(recipe("mission1", photos), tmp_path / "runs")
    run.status_file.write_text(FAILED)
    with pytest.raises(KfoodError, match="is failed, not done"):
        train(recipe("pair", photos, f"model.start_from={run.folder}"), tmp_path / "runs")


def test_a_training_that_diverges_is_recorded_as_failed(photos, tmp_path):
    diverging = recipe("mission1", photos, "optimizer.lr=10", "optimizer.name=sgd", "training.epochs=20")
    with pytest.raises(KfoodError, match="training diverged"):
        train(diverging, tmp_path / "runs")
    (run,) = all_runs(tmp_path / "runs")
    assert run.status == FAILED
    assert "training diverged" in run.log_file.read_text(encoding="utf-8")


def test_ctrl_c_keeps_what_is_done(photos, tmp_path, monkeypatch):
    shown = ShowProgress.after_epoch

    def interrupt(self):
        shown(self)
        if self.epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(ShowProgress, "after_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(recipe("mission1", photos, "training.epochs=5"), tmp_path / "runs")
    (run,) = all_runs(tmp_path / "runs")
    assert run.status == INTERRUPTED
    assert len(run.history) == 2
    assert load_checkpoint(run.checkpoints)["epoch"] >= 1


def test_unreadable_photos_are_left_out_and_named_in_the_run(photos, tmp_path):
    broken = photos / "김밥" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 no photo")
    run = train(recipe("mission1", photos, "training.epochs=1"), tmp_path / "runs")
    assert str(broken) not in set(run.samples["path"])
    assert pd.read_csv(run.left_out_file)["path"].tolist() == [str(broken)]


def test_metrics_are_plain_json(photos, tmp_path):
    run = train(recipe("mission1", photos, "training.epochs=1"), tmp_path / "runs")
    metrics = json.loads(run.metrics_file.read_text(encoding="utf-8"))
    assert set(metrics["test"]["recall"]) == set(CLASSES)
    assert metrics["best_epoch"] == metrics["epochs"] == 1
