"""Errors of the operating system in words: what happened to a file, and what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from kfood.errors import MachineError
from kfood.system.files import made_folder


class Trouble(NamedTuple):
    """Both are put into sentences: `what` behind the name of a file, `remedy` before a full stop or a semicolon."""

    what: str
    remedy: str


_FULL = "Make room there"
_PERMIT = "Put the permissions right"
_MANY = "Allow more files (ulimit -n 4096)"
_TROUBLES = {
    errno.ENOSPC: Trouble("cannot be written: the disk is full", _FULL),
    errno.EDQUOT: Trouble("cannot be written: your share of the disk (its quota) is used up", _FULL),
    errno.EROFS: Trouble("cannot be written: the disk can only be read", "Make it writable, or name another place"),
    errno.EACCES: Trouble("cannot be opened or written: the system does not permit it", _PERMIT),
    errno.EPERM: Trouble("cannot be opened or written: the system does not permit it", _PERMIT),
    errno.EIO: Trouble("cannot be read or written: the disk reports a fault", "See to the disk or its connection"),
    errno.EMFILE: Trouble("cannot be opened: this process has too many files open", _MANY),
    errno.ENFILE: Trouble("cannot be opened: too many files are open on this computer", _MANY),
    errno.ENOENT: Trouble("is not there any more", "Put it back"),
    errno.ENOTDIR: Trouble("cannot be made: one of the folders above it is a file", "Name another place"),
}


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what an error means; None where it is none of the system's, or one that has no words here.

    The number is that of the error or its cause. torch passes on the system's words only, so these are looked for.
    """
    for each in (error, error.__cause__):
        if known := _TROUBLES.get(getattr(each, "errno", None) or 0):
            return known
    return next((trouble for number, trouble in _TROUBLES.items() if os.strerror(number) in str(error)), None)


def cannot_use(path: str | Path, error: OSError) -> MachineError:
    """Return the sentence on a file or folder that the system refuses."""
    trouble = trouble_of(error)
    if trouble is None:
        return MachineError(f"{path} cannot be used: {error.strerror or error}.")
    return MachineError(f"{path} {trouble.what}. {trouble.remedy}.")


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """Write files into a folder, which is made where it is not there, and does not stay where nothing is written.

    Raises:
        MachineError: the system refuses.
    """
    try:
        with made_folder(folder):
            yield
    except OSError as error:
        raise cannot_use(folder, error) from None
