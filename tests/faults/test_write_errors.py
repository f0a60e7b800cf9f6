"""The disk fills at the n-th write of a training, for each n: what was written before stands, and it goes on."""

import errno
import os
from pathlib import Path

import pytest

from kfood.doctor.proof import differences
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.find import all_runs
from kfood.run.folder import DONE, Run
from kfood.training.checkpoint_files import load_checkpoint
from kfood.training.train import resume, train
from support.small import SMALL
from support.soak import cases

LONGER = (*SMALL, "training.epochs=3", "training.batch_size=16")
EVERY = cases(4, 1)


class FullDisk:
    """Lets the n-th file be written to its half, and no file after it, as a disk does that has just filled up."""

    def __init__(self, patch: pytest.MonkeyPatch, nth: int) -> None:
        self.nth, self.written, self.fsync = nth, [], os.fsync
        patch.setattr("kfood.system.files.os.fsync", self)

    def __call__(self, number: int) -> None:
        self.written.append(os.readlink(f"/proc/self/fd/{number}"))
        if len(self.written) >= self.nth:
            os.truncate(number, os.fstat(number).st_size // 2)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.fsync(number)


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks Linux for the name of an open file"),
]


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("write errors") / "photos", {"갈비찜": 26, "김밥": 18})


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    """The run with all its writes, and how many there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KFOOD_CACHE", str(tmp_path_factory.mktemp("cache")))
        train(recipe(photos), tmp_path_factory.mktemp("first"))  # what is remembered of the photos is written now
        disk = FullDisk(patch, 10**9)
        run = train(recipe(photos), tmp_path_factory.mktemp("whole"))
        yield run, [name for name in disk.written if str(run.folder) in name], os.environ["KFOOD_CACHE"]


def recipe(photos):
    return load_recipe("mission1", LONGER, str(photos))


def test_at_every_write_the_checkpoint_before_it_loads(photos, whole, tmp_path, monkeypatch):
    run, names, cache = whole
    monkeypatch.setenv("KFOOD_CACHE", cache)
    assert sum(".pt." in name for name in names) == 3
    for nth in range(1, len(names) + 1, EVERY):
        runs = tmp_path / str(nth)
        with pytest.MonkeyPatch.context() as patch:
            FullDisk(patch, nth)
            with pytest.raises(KfoodError, match="cannot be written: the disk is full"):
                train(recipe(photos), runs)
        states = [name for name in names[: nth - 1] if ".pt." in name]
        if not (begun := all_runs(runs)):
            assert states == []  # it had not begun: nothing is left of it
            assert not any(path.is_file() for path in runs.rglob("*"))
            continue
        state = load_checkpoint(begun[0].checkpoints)
        assert (state["epoch"] if state else 0) == len(states)
        assert resume(Run(begun[0].folder)).status == DONE
        assert differences(run, Run(begun[0].folder)) == []
