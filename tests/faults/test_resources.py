"""A disk, a photo, a process or a number of files that gives out in the middle of a training.

It ends with one sentence, and goes on to the same result once that is put right.
"""

import errno
import logging
import multiprocessing
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch

from kfood.cli.main import main
from kfood.doctor.proof import differences
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE, FAILED, INTERRUPTED, Run
from kfood.system import logs
from kfood.system.disk import size_of
from kfood.training.callbacks.checkpoint import Checkpoint
from kfood.training.checkpoint_files import disk_estimate, drop_checkpoints, load_checkpoint, save_checkpoint
from kfood.training.error_messages import explained
from kfood.training.learner import build_learner
from kfood.training.train import train
from support.killed import Work

pytestmark = pytest.mark.slow

SMALL = (
    "model.arch=test_resnet",
    "model.head=dropout",
    "data.size=32",
    "data.presize=1.25",
    "augment.transforms=random_crop,horizontal_flip",
    "training.epochs=2",
    "training.batch_size=8",
    "training.workers=0",
)
BY_PROCESSES = ("training.workers=2", "data.cache=false")
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes load photos on Linux only")


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("resources") / "photos", {"갈비찜": 26, "김밥": 18})


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    """The run that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KFOOD_CACHE", str(tmp_path_factory.mktemp("cache")))
        return train(load_recipe("mission1", SMALL, str(photos)), tmp_path_factory.mktemp("whole"))


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path / "mission1" / "run")


@pytest.fixture
def kfood(monkeypatch, capsys):
    """Return a function that runs `kfood train` and returns its exit code and what it printed on stderr."""

    def command(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["kfood", "train", *map(str, words)])
        try:
            main()
        except SystemExit as ended:
            return ended.code or 0, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return command


def arguments(photos: Path, run: Run, *settings: str) -> list[object]:
    return ["mission1", "--data", photos, "--run", run.folder, *(f"--set={each}" for each in (*SMALL, *settings))]


def refuse(patch: pytest.MonkeyPatch, number: int, name: str, nth: int = 1) -> None:
    """Let the system refuse the nth writing of a file whose name begins so, and every one after it."""
    original, seen = os.replace, []

    def replace(source, target):
        if Path(target).name.startswith(name):
            seen.append(target)
            if len(seen) >= nth:
                raise OSError(number, os.strerror(number), str(source), None, str(target))
        original(source, target)

    patch.setattr("kfood.system.files.os.replace", replace)


def in_training(patch: pytest.MonkeyPatch, batch: int, happens) -> None:
    """Let something happen once, after the nth batch."""
    original, seen = Checkpoint.after_batch, []

    def after_batch(self):
        original(self)
        if self.training:
            seen.append(1)
            if len(seen) == batch:
                happens()

    patch.setattr(Checkpoint, "after_batch", after_batch)


def require_one_sentence(code: int, printed: str, *words: str) -> None:
    assert code == 2
    assert "Traceback" not in printed
    (sentence,) = re.findall(r"^Error: .*$", printed, re.MULTILINE)
    assert [word for word in words if word not in sentence] == [], sentence


# The disk


@pytest.mark.parametrize(
    ("name", "nth", "number", "words"),
    [
        ("left_out.csv", 1, errno.ENOSPC, "cannot be written: the disk is full. Make room there;"),
        ("history.csv", 2, errno.EIO, "cannot be read or written: the disk reports a fault. See to the disk"),
        ("checksums.json", 4, errno.EDQUOT, "cannot be written: your share of the disk (its quota) is used up."),
        ("00002-0000000-", 1, errno.ENOSPC, "cannot be written: the disk is full. Make room there;"),
        ("model.safetensors", 1, errno.EROFS, "cannot be written: the disk can only be read. Make it writable"),
        ("predictions.csv", 1, errno.EMFILE, "too many files open. Allow more files (ulimit -n 4096)"),
        ("metrics.json", 1, errno.EACCES, "the system does not permit it. Put the permissions right"),
    ],
)
def test_a_file_that_cannot_be_written(photos, whole, run, kfood, name, nth, number, words):
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, number, name, nth)
        code, printed = kfood(*arguments(photos, run))
    require_one_sentence(code, printed, f"/{name}", words, f"kfood train --resume {run.folder}")
    assert run.status == FAILED
    assert run.status_file.read_text().startswith(f"failed: {run.folder}")
    assert words in run.status_file.read_text()
    assert "Traceback" in run.log_file.read_text()
    assert not list(run.folder.rglob("*.partial"))
    if name == "00002-0000000-":
        assert load_checkpoint(run.checkpoints)["epoch"] == 1
    assert kfood("--resume", run.folder)[0] == 0
    assert Run(run.folder).status == DONE
    assert differences(whole, Run(run.folder)) == []


def test_a_disk_on_which_nothing_can_be_written_any_more(photos, whole, run, kfood):
    """Not even a new status: the old file is written over."""
    with pytest.MonkeyPatch.context() as patch:
        in_training(patch, 4, lambda: refuse(patch, errno.ENOSPC, ""))
        code, printed = kfood(*arguments(photos, run))
    require_one_sentence(code, printed, "history.csv cannot be written: the disk is full.")
    assert run.status == FAILED
    assert run.why_failed.startswith(f"{run.history_file} cannot be written: the disk is full.")
    assert not list(run.folder.rglob("*.partial"))
    assert load_checkpoint(run.checkpoints)["epoch"] == 1
    assert kfood("--resume", run.folder)[0] == 0
    assert differences(whole, Run(run.folder)) == []


def test_what_cannot_be_noted_at_the_very_end_is_not_trained_again(photos, whole, run, kfood, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, errno.ENOSPC, "status", nth=2)
        code, printed = kfood(*arguments(photos, run))
    require_one_sentence(code, printed, "status cannot be written: the disk is full.")
    assert run.status == FAILED
    trained = []
    monkeypatch.setattr(Checkpoint, "before_train", lambda self: trained.append(self.epoch))
    assert kfood("--resume", run.folder)[0] == 0
    assert trained == []
    assert differences(whole, Run(run.folder)) == []


def test_a_run_folder_that_cannot_be_begun_is_not_left_behind(photos, run, kfood, monkeypatch):
    refuse(monkeypatch, errno.ENOSPC, "environment.json")
    require_one_sentence(*kfood(*arguments(photos, run)), f"{run.folder} cannot be written: the disk is full.")
    assert not run.folder.exists()


def test_half_a_checkpoint_of_a_killed_process_goes_with_the_others(tmp_path):
    (tmp_path / ".00001-0000000-0123456789abcdef.pt.77.partial").touch()
    save_checkpoint({"epoch": 1, "batch": 0}, tmp_path)
    drop_checkpoints(tmp_path)
    assert list(tmp_path.iterdir()) == []


@linux
def test_a_log_that_cannot_be_written_is_said_once_and_ends_nothing(caplog, capsys):
    with caplog.at_level(logging.INFO), logs.written_to(Path("/dev/full")):
        for number in range(3):
            logging.getLogger("kfood").info("line %d", number)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "/dev/full cannot be written: the disk is full. Make room there."
    ]
    assert "Traceback" not in capsys.readouterr().err


# Before it begins


def test_too_little_room_is_said_before_anything_is_trained(photos, run, kfood, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("kfood.system.disk.shutil.disk_usage", lambda _: usage._replace(free=100 * 10**6))
    monkeypatch.setattr(Checkpoint, "before_fit", lambda _: pytest.fail("it began"))
    code, printed = kfood(*arguments(photos, run, "model.arch=resnet10t"))
    require_one_sentence(code, printed, "mission1 needs about 2", f"in {run.folder}", "has 100 MB left: make room")
    assert not run.folder.exists()


def test_what_a_run_needs_is_what_it_takes(photos, run, tmp_path, monkeypatch):
    original, sizes = os.replace, []

    def replace(source, target):
        sizes.append(size_of(run.folder))
        original(source, target)

    made = []
    monkeypatch.setattr(
        "kfood.training.learner.build_learner", lambda *args: made.append(build_learner(*args)) or made[-1]
    )
    monkeypatch.setattr("kfood.system.files.os.replace", replace)
    train(
        load_recipe("mission1", [*SMALL, "model.arch=resnet10t", "training.epochs=4"], str(photos)), folder=run.folder
    )
    needed = disk_estimate(made[0].model, run.recipe, run.samples)
    assert 0.7 * needed < max(sizes) < needed


@pytest.mark.parametrize("going_on", [False, True])
def test_a_folder_that_can_only_be_read_is_said_at_once(photos, run, kfood, monkeypatch, going_on):
    def refused(dir):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(dir))

    if going_on:
        with pytest.MonkeyPatch.context() as patch:
            refuse(patch, errno.ENOSPC, "left_out")
            kfood(*arguments(photos, run))
    monkeypatch.setattr("kfood.system.disk.tempfile.TemporaryFile", refused)
    monkeypatch.setattr("kfood.training.train.prepare_samples", lambda _: pytest.fail("it began"))
    said = kfood("--resume", run.folder) if going_on else kfood(*arguments(photos, run))
    require_one_sentence(*said, f"{run.folder} cannot be written: the disk can only be read.")


# Photos, processes, open files


def train_and_lose(lost, away, words):
    """Take a photo away while `kfood train` is at work."""
    with pytest.MonkeyPatch.context() as patch:
        in_training(patch, 4, lambda: lost.rename(away))
        patch.setattr(sys, "argv", ["kfood", "train", *map(str, words)])
        main()


@pytest.mark.skipif(os.name != "posix", reason="forks")
@pytest.mark.parametrize("settings", [("data.cache=false",), pytest.param(BY_PROCESSES, marks=linux)], ids=len)
def test_a_photo_that_is_deleted(make_photos, run, tmp_path, kfood, settings):
    photos = make_photos(tmp_path / "mine", {"갈비찜": 26, "김밥": 18})
    whole = train(load_recipe("mission1", [*SMALL, *settings], str(photos)), tmp_path / "whole")
    lost, away, said = (
        Path(whole.samples.query("split == 'valid'")["path"].iloc[0]),
        tmp_path / "away",
        tmp_path / "said",
    )
    words = [lost, away, arguments(photos, run, *settings)]
    # torch does not forget in a process that one of its loading processes was killed there
    process = Work(train_and_lose, words, tmp_path / "cache", said).start()
    process.join()
    require_one_sentence(
        process.exitcode, said.read_text(), f"{lost} is not there any more. Put it back;", "kfood train --resume"
    )
    assert run.status == FAILED
    away.rename(lost)
    assert kfood("--resume", run.folder)[0] == 0
    assert differences(whole, Run(run.folder)) == []


@linux
def test_a_loading_process_that_is_killed(photos, whole, run, kfood):
    with pytest.MonkeyPatch.context() as patch:
        in_training(patch, 4, lambda: [process.kill() for process in multiprocessing.active_children()])
        code, printed = kfood(*arguments(photos, run, *BY_PROCESSES))
    require_one_sentence(code, printed, "A process that loads photos was killed", "(--set training.workers=0)")
    assert run.status == FAILED
    code, printed = kfood("--resume", run.folder, "--set", "data.size=64")
    require_one_sentence(code, printed, "--set for training.workers", "not for data.size.")
    assert kfood("--resume", run.folder, "--set", "training.workers=0")[0] == 0
    assert Run(run.folder).recipe.training.workers == 0
    assert differences(whole, Run(run.folder)) == []


@linux
def test_too_few_files_may_be_open(photos, whole, run, kfood):
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with pytest.MonkeyPatch.context() as patch:
            in_training(patch, 4, lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1, before[1])))
            code, printed = kfood(*arguments(photos, run))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    require_one_sentence(code, printed, "history.csv cannot be opened: this process has too many files open.")
    assert run.status == INTERRUPTED  # the status cannot be opened either
    assert kfood("--resume", run.folder)[0] == 0
    assert differences(whole, Run(run.folder)) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("DataLoader worker (pid(s) 123, 124) exited unexpectedly"), "was killed"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. It is …"), "(/dev/shm) is too small"),
        (RuntimeError("unable to open shared memory object </torch_9_1> in read-write mode: x (28)"), "--shm-size=2g"),
        (RuntimeError("unable to write to file </torch_9_1>: No space left on device (28)"), "--shm-size=2g"),
        (RuntimeError("unable to open shared memory object </torch_1>: Too many open files (24)"), "ulimit -n 4096"),
        (RuntimeError("received 0 items of ancdata"), "too many files open"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "was killed"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "too small for another process"),
        (torch.OutOfMemoryError("CUDA out of memory"), "The memory is too small, in however many parts"),
        (RuntimeError("InvalidCxxCompiler: No working C++ compiler found in …"), "install a C++ compiler such as g++"),
    ],
)
def test_what_torch_says_is_put_into_words(run, error, words):
    with pytest.raises(KfoodError) as told, explained(run):
        raise error
    assert words in str(told.value)
    assert str(told.value).endswith(f"kfood train --resume {run.folder}")
    assert told.value.__cause__ is error


def test_faults_of_kfood_itself_keep_their_traceback(run):
    with pytest.raises(RuntimeError, match="size mismatch"), explained(run):
        raise RuntimeError("size mismatch for body.conv")
