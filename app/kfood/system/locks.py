"""Locks between processes, which the system takes back from one that dies; also where a file system has none."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Lock", "Timeout"]
log = logging.getLogger(__name__)
# What NFS without its lock service, and some FUSE and SMB mounts, answer.
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_said: set[Path] = set()


class Lock:
    """A lock on a file, to be used as a context.

    Where the file system refuses locks, which is said once for each folder, it holds nothing: such a folder is for one
    process at a time.
    """

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)
        self._lock = FileLock(str(file))
        self._held = False

    def acquire(self, timeout: float = -1) -> Lock:
        """Take the lock and return it.

        Args:
            timeout: seconds to wait for another process; below 0 for as long as it takes.

        Raises:
            Timeout: another process has it.
            OSError: the file cannot be made.
        """
        try:
            self._lock.acquire(timeout=timeout)
        except NotImplementedError:  # filelock's word for ENOSYS
            self._say_there_is_none()
        except OSError as error:  # Timeout is one
            if error.errno not in _NO_LOCKS:
                raise
            self._say_there_is_none()
        self._held = True
        return self

    def release(self) -> None:
        """Give it back; nothing happens where it is not held."""
        self._held = False
        if self._lock.is_locked:
            self._lock.release()

    def __enter__(self) -> Lock:
        return self if self._held else self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _say_there_is_none(self) -> None:
        folder = self.file.absolute().parent
        if folder not in _said:
            _said.add(folder)
            log.warning("%s is on a disk without locks: let no other process work in it at the same time.", folder)
