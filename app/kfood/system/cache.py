"""What can be made again, kept on disk under a key of all that it was made of.

Nothing kept is relied on: what is not there, is damaged, or is of another version is made again; what cannot be written
is said and left out. Files appear whole (`system/files`), so that any number of processes may read and write at once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kfood.system.paths import cache_folder

log = logging.getLogger(__name__)
T = TypeVar("T")
_LONGEST_WRITE = 3600  # seconds


@dataclass(frozen=True)
class Cache:
    """Things of one kind, in a folder of their own.

    Args:
        name: of the folder.
        version: of the format and of how things are computed: counted up when either changes, so that nothing older is
            read.
        most_bytes: of all files together, older versions included; those not used for longest go. None: no end.
    """

    name: str
    version: int
    most_bytes: int | None = None

    @property
    def folder(self) -> Path:
        """Where the files are; it may not be there yet."""
        return cache_folder() / self.name

    def key(self, parts: Iterable[object]) -> str:
        """Return 32 hex digits that stand for the version and these parts in their order: bytes, or what JSON holds."""
        digest = hashlib.blake2b(f"{self.version}".encode(), digest_size=16)
        for part in parts:
            content = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
            digest.update(f"|{content is part}|{len(content)}|".encode())  # so that no two lists run together alike
            digest.update(content)
        return digest.hexdigest()

    def read(self, file: Path, parse: Callable[[Path], T | None]) -> T | None:
        """Return what `parse` makes of a file, which is used now; None where it is not there or damaged.

        `parse` may return None for what is of no use here, and raise whatever a damaged file makes it raise.
        """
        try:
            found = parse(file)
        except Exception:  # not there, or damaged in one of many ways
            return None
        if found is not None:
            mark_used(file)
        return found

    def keep(self, file: Path, write: Callable[[Path], object], what: str) -> None:
        """Let `write` make a file whole, as those of `system/files` do, and throw away what has no room beside it.

        Where it cannot be made, say so: `what` begins the warning.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file)
            if self.most_bytes is not None:
                others = [other for other in self.folder.rglob("*") if other != file and _may_go(other)]
                make_room({other: bytes_of(other) for other in others}, self.most_bytes, bytes_of(file))
        except OSError as error:  # a full disk or a read-only home costs time, not the result
            log.warning("%s cannot be kept: %s", what, error)


def mark_used(path: Path) -> None:
    """Note that a file or folder is used now, so that it is the last to be thrown away."""
    with suppress(OSError):  # a cache that may only be read
        os.utime(path)


def make_room(kept: Mapping[Path, int], limit: int, needed: int) -> int:
    """Throw away what was not used for longest until `needed` bytes fit; return how many fit then, below 0 if none.

    `kept` are the bytes of each file or folder that may go, `limit` those of all together and what is needed.
    """
    room = limit - sum(kept.values())
    for path in sorted(kept, key=_last_used):
        if needed <= room:
            break
        with suppress(OSError):  # another process has it open, or was quicker
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        if not path.exists():
            log.info("Thrown away to make room: %s", path)
            room += kept[path]
    return room


def _may_go(path: Path) -> bool:
    """Return whether this is a file that nobody is writing; what a killed process left is one after a while."""
    return path.is_file() and (path.suffix != ".partial" or _last_used(path) < time.time() - _LONGEST_WRITE)


def bytes_of(file: Path) -> int:
    """Return a file's size; 0 where another process has thrown it away."""
    return _status(file).st_size


def _last_used(path: Path) -> float:
    return _status(path).st_mtime


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError:
        return os.stat_result([0] * 10)
