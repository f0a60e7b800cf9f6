"""Two processes that torchrun starts take the steps of one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.training.train import train

pytestmark = pytest.mark.slow

# No batch normalisation, which sees a share only; no augmentation, which each process draws for itself.
SETTINGS = [
    "model.arch=convnext_atto",
    "data.size=32",
    "augment.transforms=[]",
    "sampling.method=over",
    'loss.class_weights={"갈비찜"=3.0}',
    "training.batch_size=8",
    "training.accumulate=2",
    "training.epochs=2",
    "training.early_stopping=0",
    "optimizer.lr=0.0003",
]
PATIENCE = 240


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("photos"), {"갈비찜": 40, "돼지갈비찜": 20, "김밥": 20}, pixels=32)


@pytest.fixture
def alone(photos, tmp_path):
    return train(load_recipe("mission1", SETTINGS, str(photos)), tmp_path / "alone")


def two_processes(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "kfood", "train", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def begun(photos: Path, runs: Path, *settings: str) -> subprocess.Popen:
    given = [part for setting in [*SETTINGS, *settings] for part in ("--set", setting)]
    return two_processes("mission1", "--data", str(photos), "--runs", str(runs), *given)


def test_two_processes_learn_what_one_learns_also_after_ctrl_c(photos, alone, tmp_path):
    runs = tmp_path / "together"
    process = begun(photos, runs)
    until = time.monotonic() + PATIENCE
    while not list(runs.glob("mission1/*/history.csv")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    (folder,) = (runs / "mission1").iterdir()
    assert Run(folder).status == "interrupted"
    process = two_processes("--resume", str(folder))
    said, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, complaint
    assert said.count("Going on with") == 1 and said.count("Look at it") == 1
    together = Run(folder)
    assert together.status == "done"
    assert (alone.predictions["split"] == "valid").sum() % 2 == 0  # or one photo counts twice in an epoch's figures
    for column in ("train_loss", "valid_loss"):
        np.testing.assert_allclose(together.history[column], alone.history[column], rtol=1e-3)
    numbers = [name for name in alone.predictions if name.startswith("p_")]
    np.testing.assert_allclose(together.predictions[numbers], alone.predictions[numbers], atol=2e-3)
    assert together.metrics["test"]["accuracy"] == alone.metrics["test"]["accuracy"]


def test_a_batch_that_cannot_be_shared_out_is_told(photos, tmp_path):
    process = begun(photos, tmp_path / "runs", "training.batch_size=9", "training.accumulate=1")
    _, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "training.batch_size is 9, which 2 processes cannot share out evenly" in complaint
    assert not list((tmp_path / "runs").glob("*/*"))
