"""The proof that a killed training ends as one that was let alone: both are made, and their files compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kfood.errors import KfoodError
from kfood.run.folder import DONE, Run

SUBSET = "kfood_health"  # of the demo photos
# Everything that must be brought back is in it: shuffling, augmentation, dropout, the optimizer, the schedule.
_SETTINGS = {
    "data.subset": SUBSET,
    "data.size": "32",
    "data.presize": "1.25",
    "augment.transforms": "random_crop,horizontal_flip",
    "sampling.method": "over",
    "model.arch": "test_resnet",
    "model.head": "dropout_bn",
    "schedule.name": "cosine",
    "training.epochs": "3",
    "training.batch_size": "8",
    "training.early_stopping": "0",
    "training.restore_best": "false",  # the weights that are compared are the last, not of an epoch before the kill
    "training.checkpoint_minutes": "0.0005",
}
_KFOOD = (sys.executable, "-m", "kfood")
_PATIENCE = 300  # seconds
_SECOND_EPOCH = "00001-*.pt"  # checkpoints within it or at its beginning


def prove_resume(place: Path, photos: Path, workers: int, resume: Sequence[str] = _KFOOD) -> list[str]:
    """Train, train the same again but kill it in its second epoch, go on with that, and compare.

    Args:
        place: a folder for runs and cache; the caller removes it.
        photos: as `make_demo` draws `SUBSET`; a hundred are enough.
        workers: processes that load photos.
        resume: the command that goes on, in place of kfood.

    Returns:
        Names of the run's files that differ; none where the resume is exact.

    Raises:
        KfoodError: a training did not come to its end, or could not be killed before it.
    """
    runs = [Run(place / f"{workers}-{name}" / "run") for name in ("whole", "killed")]
    settings = {**_SETTINGS, "training.workers": str(workers), "data.cache": "false" if workers else "true"}
    options = [f"--set={key}={value}" for key, value in settings.items()]
    trainings = [
        _start(place, run, *_KFOOD, "train", "mission1", "--data", str(photos), "--run", str(run.folder), *options)
        for run in runs
    ]
    whole, killed = runs
    try:
        _kill_within(trainings[1], killed)
        _await(trainings[0], whole)
        trainings.append(_start(place, killed, *resume, "train", "--resume", str(killed.folder)))
        _await(trainings[-1], killed)
    finally:
        for training in trainings:
            _kill(training)
    return differences(whole, Run(killed.folder))


def differences(run: Run, other: Run) -> list[str]:
    """Return the files in which two runs differ: weights and predictions by each byte, the history but for seconds."""
    pairs = ((run.weights_file, other.weights_file), (run.predictions_file, other.predictions_file))
    differing = [mine.name for mine, theirs in pairs if mine.read_bytes() != theirs.read_bytes()]
    histories = [each.history.drop(columns="seconds") for each in (run, other)]
    return differing if histories[0].equals(histories[1]) else [*differing, run.history_file.name]


def _start(place: Path, run: Run, *command: str) -> subprocess.Popen[bytes]:
    with _said(run).open("wb") as said:
        return subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"KFOOD_CACHE": str(place / "cache")},
            start_new_session=True,  # so that its loading processes can be killed with it
        )


def _said(run: Run) -> Path:
    return run.runs / f"{run.folder.parent.name}.txt"


def _kill_within(training: subprocess.Popen[bytes], run: Run) -> None:
    """Kill a training in its second epoch."""
    end = time.monotonic() + _PATIENCE
    while training.poll() is None and time.monotonic() < end and not any(run.checkpoints.glob(_SECOND_EPOCH)):
        time.sleep(0.005)
    _kill(training)
    if not any(run.checkpoints.glob(_SECOND_EPOCH)) or run.status == DONE:
        raise KfoodError(f"The training could not be killed before its end: {_last_words(run)}")


def _kill(training: subprocess.Popen[bytes]) -> None:
    if training.poll() is None:
        if os.name == "posix":
            os.killpg(training.pid, signal.SIGKILL)
        else:
            training.kill()
    training.wait()


def _await(training: subprocess.Popen[bytes], run: Run) -> None:
    try:
        code = training.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        code = None
    if code != 0:
        raise KfoodError(f"A small training did not come to its end: {_last_words(run)}")


def _last_words(run: Run) -> str:
    lines = _said(run).read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
