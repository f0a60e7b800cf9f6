"""A training in a process of its own that is told to stop, and then goes on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kfood.doctor.proof import differences
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE, INTERRUPTED, Run
from kfood.training.train import train

pytestmark = pytest.mark.slow

SETTINGS = (
    "model.arch=test_resnet",
    "data.size=32",
    "training.epochs=8",
    "training.batch_size=8",
    "training.checkpoint_minutes=0.0005",
    "training.early_stopping=0",
)
PATIENCE = 120  # seconds, for a machine that does much else


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("signals") / "photos", {"갈비찜": 40, "김밥": 40})


def kfood(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "kfood", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def start_training(photos, folder) -> subprocess.Popen:
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    return kfood("train", "mission1", "--data", photos, "--run", folder, *settings)


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    """The run that was not stopped."""
    return train(load_recipe("mission1", SETTINGS, str(photos)), tmp_path_factory.mktemp("whole"))


def wait_for_checkpoint(run: Run) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not list(run.checkpoints.glob("*.pt")):
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_it_goes_on_as_if_nothing_had_been(photos, whole, tmp_path):
    run = Run(tmp_path / "mission1" / "run")
    process = start_training(photos, run.folder)
    wait_for_checkpoint(run)
    assert run.status == "running"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENCE)
    assert run.status == INTERRUPTED
    assert not run.weights_file.exists()
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in out
    assert f"Go on with:  kfood train --resume {run.folder}" in out
    again = kfood("train", "--resume", run.folder)
    out, _ = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, out
    assert "From the checkpoint of epoch" in out
    run = Run(run.folder)
    assert run.status == DONE
    assert differences(whole, run) == []
