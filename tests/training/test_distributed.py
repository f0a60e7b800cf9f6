"""Several processes that torchrun's agent starts take the steps of one; what ends one ends all."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.training.train import train
from support.ranks import Ranks, kfood

pytestmark = pytest.mark.slow

# Layer normalisation, as batch normalisation sees a share only; no augmentation, which each process draws for itself.
SETTINGS = [
    "model.arch=test_convnext",
    "model.freeze_epochs=1",
    "data.size=32",
    "augment.transforms=[]",
    "sampling.method=over",
    'loss.class_weights={"갈비찜"=3.0}',
    "probe.epochs=2",
    "probe.views=2",
    "training.batch_size=10",  # which four processes cannot share out evenly
    "training.accumulate=2",
    "training.epochs=3",
    "training.ema=0.5",
    "training.early_stopping=0",
    "training.restore_best=false",
    "training.precision=float32",
    "optimizer.lr=0.001",
]


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("photos"), {"갈비찜": 30, "돼지갈비찜": 13, "김밥": 12}, pixels=32)


@pytest.fixture(scope="module")
def alone(photos, tmp_path_factory):
    return train(load_recipe("mission1", SETTINGS, str(photos)), folder=tmp_path_factory.mktemp("alone") / "run")


def command(photos: Path, run: Path, *settings: str) -> list[str]:
    given = [part for setting in [*SETTINGS, *settings] for part in ("--set", setting)]
    return ["train", "mission1", "--data", str(photos), "--run-folder", str(run), *given]


def with_signal(number: int, run: Path, *arguments: str) -> None:
    """Do it; the second process of a first attempt is sent a signal once an epoch is done."""

    def send() -> None:
        while not (run / "history.csv").exists() or (run / "history.csv").read_text().count("\n") < 3:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    if os.environ["RANK"] == "1" and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        threading.Thread(target=send, daemon=True).start()
    kfood(*arguments)


def failing_in_one(*arguments: str) -> None:
    """Do it; in the second process, a batch of the second epoch fails."""
    from kfood.training.callbacks.terminate_on_nan import TerminateOnNaN

    def fail(self: TerminateOnNaN) -> None:
        if self.epoch == 1:
            raise KfoodError("The photo x.jpg is gone.")

    if os.environ["RANK"] == "1":
        TerminateOnNaN.after_loss = fail
    kfood(*arguments)


def assert_same(run: Run, other: Run) -> None:
    assert run.status == "done"
    for column in ("train_loss", "valid_loss"):
        np.testing.assert_allclose(run.history[column], other.history[column], rtol=1e-4)
    numbers = [name for name in other.predictions if name.startswith("p_")]
    np.testing.assert_allclose(run.predictions[numbers], other.predictions[numbers], atol=1e-4)
    assert list(run.predictions["path"]) == list(other.predictions["path"])
    ours, theirs = load_file(run.weights_file), load_file(other.weights_file)
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-2, atol=2e-4)


def test_two_processes_of_which_one_is_killed_and_started_again_learn_what_one_learns(photos, alone, tmp_path):
    run = tmp_path / "run"
    ranks = Ranks(2, tmp_path / "said", with_signal, signal.SIGKILL, run, *command(photos, run), max_restarts=1)
    assert ranks.finish() == 0, ranks.said()
    assert ranks.said().count("Going on with") == 1 and ranks.said().count("Look at it") == 1
    assert_same(Run(run), alone)


def test_two_that_are_told_to_stop_and_four_that_go_on_learn_what_one_learns(photos, alone, tmp_path):
    run = tmp_path / "run"
    stopped = Ranks(2, tmp_path / "stopped", with_signal, signal.SIGTERM, run, *command(photos, run))
    assert stopped.finish() == 128 + signal.SIGTERM, stopped.said()
    assert Run(run).status == "interrupted"
    resumed = Ranks(4, tmp_path / "resumed", kfood, "train", "--resume", str(run))
    assert resumed.finish() == 0, resumed.said()
    assert_same(Run(run), alone)


def test_what_ends_one_process_ends_all_and_is_told_once(photos, tmp_path):
    run = tmp_path / "run"
    ranks = Ranks(2, tmp_path / "said", failing_in_one, *command(photos, run))
    assert ranks.finish() == 2
    assert ranks.said().count("Error: ") == 1 and "Error: The photo x.jpg is gone." in ranks.said()
    assert "Traceback" not in ranks.said()
    assert Run(run).status == "failed" and "The photo x.jpg is gone" in Run(run).why_failed


def test_what_is_wrong_for_all_is_told_once(photos, tmp_path):
    run = tmp_path / "run"
    ranks = Ranks(2, tmp_path / "said", kfood, *command(photos, run, "training.batch_size=3", "training.accumulate=1"))
    assert ranks.finish() == 2
    assert ranks.said().count("training.batch_size is 3, too few for 2 processes") == 1
    assert not run.exists()
