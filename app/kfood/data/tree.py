"""Everything below a folder, listed once: photos by folder, and what is not read, so that no file is lost in silence.

Links to photos and to folders are followed wherever they lead: data sets are linked in from larger disks, and what is
behind a link is read with the user's own rights and never written. A link cannot come in by an archive, as `unpack`
refuses it. A link back to a folder above it is left out.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import splitext
from pathlib import Path
from typing import NamedTuple

from kfood.data.photo import EXTENSIONS, NEEDS_PACKAGE, OTHER_IMAGES
from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.text import listed

log = logging.getLogger(__name__)
_NOT_UTF8 = re.compile("[\ud800-\udfff]")  # how Python shows the bytes of a name that is not in UTF-8
# What operating systems and disk stations put beside photos, thumbnails among it.
_OF_SYSTEMS = {"__macosx", "@eadir", "$recycle.bin", "system volume information", "thumbs.db", "desktop.ini"}
_RUN_FILES = ("recipe.toml", "samples.csv")  # what every run folder of kfood has
NOT_A_PHOTO = "not a photo"
_Identity = tuple[int, int]  # device and number of a folder


class LeftOut(NamedTuple):
    """Files that are not read: where (a file or a folder), how many if they were listed, and why."""

    path: str
    listed: int | None
    why: str

    @property
    def files(self) -> int:
        """How many files there are. Folders that are passed over are walked for it, which a training need not."""
        return _files_below(self.path) if self.listed is None else self.listed


@dataclass
class Folder:
    """A folder: the photos in it, and the folders in it that hold a photo somewhere below, by NFC name."""

    path: Path
    photos: list[str] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name, NFC."""
        return nfc(self.path.name)

    def walk(self) -> Iterator[Folder]:
        """Give the folder and all below it."""
        yield self
        for folder in self.folders.values():
            yield from folder.walk()

    def all_photos(self) -> list[str]:
        """Return the photos in it and below it."""
        return [photo for folder in self.walk() for photo in folder.photos]


def list_tree(root: Path) -> tuple[Folder, list[LeftOut]]:
    """List what is below `root`, sorted by name.

    Hidden files and folders, those of the system, and kfood's own runs are left out, and what is not a photo.

    Raises:
        DataError: a name is not UTF-8, or two folders in one folder have the same name after NFC.
    """
    left_out: list[LeftOut] = []
    return _listed(root, left_out, tuple(map(_identity, (root, *root.absolute().parents)))), left_out


def photos_below(root: Path, left_out: list[LeftOut]) -> Iterator[str]:
    """Give the photos that `list_tree` finds, sorted by path, while holding the names of one folder at a time.

    Args:
        root: a folder.
        left_out: is added to, as far as the photos are asked for.

    Raises:
        DataError: a name is not UTF-8.
    """
    return _photos_below(str(root), left_out, tuple(map(_identity, (root, *root.absolute().parents))))


def is_of_system(name: str) -> bool:
    """Return whether a file or folder of this name is passed over: hidden, or put there by a system."""
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


def describe_unread(left_out: list[LeftOut]) -> str:
    """Return how many photos are of formats that are not read, and what to do; "" where there is none."""
    counts: Counter[str] = Counter()
    for one in left_out:
        if one.why.startswith("."):
            counts[one.why] += one.files
    return listed((f"{n} x {why}" for why, n in counts.most_common()), 4)


def _listed(path: Path, left_out: list[LeftOut], above: tuple[_Identity, ...]) -> Folder:
    folders, photos = _contents(str(path), left_out)
    folder = Folder(path, [_utf8(os.path.join(path, name)) for name in photos])
    for name in folders:
        _add(folder, os.path.join(path, name), left_out, above)
    return folder


def _photos_below(path: str, left_out: list[LeftOut], above: tuple[_Identity, ...]) -> Iterator[str]:
    folders, photos = _contents(path, left_out)
    for name in sorted([*photos, *(name + os.sep for name in folders)]):
        inner = os.path.join(path, name.removesuffix(os.sep))
        if not name.endswith(os.sep):
            yield _utf8(inner)
        elif _may_enter(inner, left_out, above):
            yield from _photos_below(inner, left_out, (*above, _identity(inner)))


def _contents(path: str, left_out: list[LeftOut]) -> tuple[list[str], list[str]]:
    """Return the names of the folders and of the photos in a folder, sorted."""
    folders: list[str] = []
    photos: list[str] = []
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:  # such as the lost+found of a disk
        log.warning("Passed over, cannot be listed: %s (%s)", path, error.strerror)
        left_out.append(LeftOut(str(path), 1, f"cannot be listed ({error.strerror})"))
        return folders, photos
    others: dict[str, list[str]] = {}
    for entry in entries:
        if is_of_system(entry.name):
            left_out.append(LeftOut(entry.path, None, "hidden, or of the system"))
        elif _is_folder(entry):
            folders.append(entry.name)
        elif splitext(entry.name)[1].lower() in EXTENSIONS and _is_file(entry):
            photos.append(entry.name)
        else:
            others.setdefault(_why_not(entry), []).append(entry.path)
    left_out += [LeftOut(its[0] if len(its) == 1 else str(path), len(its), why) for why, its in others.items()]
    return folders, photos


def _may_enter(path: str, left_out: list[LeftOut], above: tuple[_Identity, ...]) -> bool:
    if _identity(path) in above:
        left_out.append(LeftOut(path, 1, "a link to a folder above it"))
        return False
    if all(os.path.isfile(os.path.join(path, name)) for name in _RUN_FILES):
        left_out.append(LeftOut(path, None, "a run of kfood"))
        return False
    return True


def _add(folder: Folder, path: str, left_out: list[LeftOut], above: tuple[_Identity, ...]) -> None:
    if not _may_enter(path, left_out, above):
        return
    inner = _listed(Path(path), left_out, (*above, _identity(path)))
    if not inner.photos and not inner.folders:
        return
    _utf8(path)
    if inner.name in folder.folders:
        raise DataError(
            f"{folder.path} holds two folders that are both called {inner.name} (one composed, one decomposed Hangul). "
            "Put their photos into one folder."
        )
    folder.folders[inner.name] = inner


def _utf8(path: str) -> str:
    """Return the path. Names that are not UTF-8 are an error: unpacked without regard to it, all of them are wrong."""
    if not path.isascii() and _NOT_UTF8.search(path):
        raise DataError(f"{path}: the name is not UTF-8. Rename it, or unpack its archive by kfood data unpack.")
    return path


def _why_not(entry: os.DirEntry[str]) -> str:
    ending = splitext(entry.name)[1].lower()
    if ending in EXTENSIONS:
        return "not a regular file, or a link to nothing"
    if ending in NEEDS_PACKAGE:
        return f"{ending} photo: pip install 'kfood[heic]' reads it"
    return f"{ending} photo, which is not read: save it as JPEG" if ending in OTHER_IMAGES else NOT_A_PHOTO


# The listing itself says what is a folder and what a file; the system is asked only where a link points.
def _is_folder(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry) if entry.is_symlink() else entry.is_dir()


def _is_file(entry: os.DirEntry[str]) -> bool:
    return os.path.isfile(entry) if entry.is_symlink() else entry.is_file()


def _identity(path: str | Path) -> _Identity:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _files_below(path: str) -> int:
    """Return how many files there are; 1 for a file or a link."""
    if os.path.islink(path) or not os.path.isdir(path):
        return 1
    return sum(len(files) for _, _, files in os.walk(path))
