"""An archive of photos becomes a folder: whole or not at all, and nowhere else."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kfood.data.archive import Member, opened
from kfood.errors import DataError
from kfood.system.progress import track

_ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar")
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(.*[/\\])?\.\.([/\\]|$)", re.DOTALL)  # absolute, with a drive, or up
_A_FILE = 4096  # bytes that a file takes on the disk beside its own, as a rule


@dataclass(frozen=True)
class Unpacked:
    """What came out: the new folder, how many files of how many bytes, and the folder in it that holds the classes."""

    folder: Path
    files: int
    size: int
    data: Path


def unpack(archive: Path, folder: Path | None = None) -> Unpacked:
    """Unpack a zip, tar or tar.gz archive into a new folder, without hidden files and what macOS adds.

    Args:
        archive: names in it that do not say their encoding are read as UTF-8 or, where they are not, as CP949.
        folder: not there yet, or empty; None for the archive's name without its ending, in the current folder.

    Raises:
        DataError: the archive is no archive, damaged or hostile (see `opened`), names a place outside the folder or
            one place twice; the folder holds something; there is no room. Nothing is left behind then.
    """
    if not os.path.isfile(archive):
        raise DataError(f"There is no archive {archive}.")
    target = Path(os.path.realpath(folder or _without_ending(archive.name)))
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise DataError(f"{target} is there already: name a new folder, as kfood data unpack {archive.name} FOLDER.")
    if not target.parent.is_dir():
        raise DataError(f"There is no folder {target.parent} to unpack into.")
    with opened(archive) as members:
        files = _places(archive, members)
        _require_room(archive, files, target.parent)
        # Hidden, and beside the folder that it becomes, so that the last step is one of the file system.
        try:
            with tempfile.TemporaryDirectory(prefix=".unpack-", dir=target.parent) as partial:
                whole = Path(partial) / "whole"
                whole.mkdir()
                for place, member in track(files.items(), len(files), "unpacking"):
                    _write(archive, member, whole / place)
                if target.exists():
                    target.rmdir()
                whole.rename(target)
        except OSError as error:
            raise DataError(f"{archive} cannot be unpacked into {target}: {error.strerror or error}.") from None
    return Unpacked(target, len(files), sum(member.size for member in files.values()), _with_classes(target))


def _without_ending(name: str) -> str:
    ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), None)
    if not ending or len(name) == len(ending):
        raise DataError(f"{name} does not end in {', '.join(_ENDINGS)}: name the folder too.")
    return name[: -len(ending)]


def _places(archive: Path, members: list[Member]) -> dict[str, Member]:
    """Return the files to be written by their place in the folder, with / between its parts."""
    files: dict[str, Member] = {}
    for member in members:
        if _OUTSIDE.match(member.name):
            raise DataError(
                f"{archive} holds {member.name}, which would be written outside of the folder. Nothing is unpacked: "
                "get the archive from a source that you trust."
            )
        parts = [part for part in re.split(r"[/\\]", member.name) if part not in ("", ".")]
        if any(part == "__MACOSX" or part.startswith(".") for part in parts):
            continue
        if (place := "/".join(parts)) in files:
            raise DataError(f"{archive} holds {place} twice. Nothing is unpacked: make the archive again.")
        files[place] = member
    if not files:
        raise DataError(f"{archive} holds no files.")
    return files


def _require_room(archive: Path, files: dict[str, Member], disk: Path) -> None:
    needed, free = sum(member.size + _A_FILE for member in files.values()), shutil.disk_usage(disk).free
    if needed > free:
        raise DataError(
            f"{archive} needs {needed / 1e9:.1f} GB, but {disk} has only {free / 1e9:.1f} GB left: unpack it elsewhere."
        )


def _write(archive: Path, member: Member, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # not over another: A.jpg and a.jpg are one file on Windows and macOS
            for piece in member.read():
                file.write(piece)
    except OSError as error:
        why = "its name is too long for this disk" if error.errno == errno.ENAMETOOLONG else error.strerror
        raise DataError(f"{archive}: {member.name} cannot be written: {why}. Nothing is unpacked.") from None


def _with_classes(folder: Path) -> Path:
    """Return the folder below which there is more than one thing, or photos: archives often hold all in one folder."""
    while True:
        within = list(folder.iterdir())
        if len(within) > 1 or not within[0].is_dir() or not any(path.is_dir() for path in within[0].iterdir()):
            return folder
        folder = within[0]
