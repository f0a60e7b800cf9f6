"""Locks, and disks that have none."""

import errno
import fcntl

import pytest

from kfood.system import locks
from kfood.system.locks import Lock, Timeout


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(locks, "_said", set())


def test_only_one_has_it(tmp_path):
    with Lock(tmp_path / "lock"), pytest.raises(Timeout):
        Lock(tmp_path / "lock").acquire(timeout=0)
    with Lock(tmp_path / "lock").acquire(timeout=0) as held:
        assert held.file == tmp_path / "lock"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_said_once_and_worked_on(tmp_path, monkeypatch, caplog, number):
    def refuse(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for _ in range(2):
        with Lock(tmp_path / "lock") as held:
            held.release()  # which it may do twice
    assert caplog.text.count(f"{tmp_path} is on a disk without locks") == 1


def test_other_troubles_of_a_disk_are_not_hidden(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="input/output error"):
        Lock(tmp_path / "lock").acquire(timeout=0)
