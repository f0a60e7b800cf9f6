"""Folders or a CSV as samples: the layout is recognised, not asked for.

Samples are a DataFrame with a row a photo: `path` (absolute), `label` (NFC), `split` ("train", "valid", "test",
or "" where the layout leaves it open) and, where known, `group` and `area` ("x,y,width,height" in pixels).

Links to photos and to folders are followed wherever they lead: data sets are linked in from larger disks, and what is
behind a link is read with the user's own rights and never written. A link cannot come in by an archive, as `unpack`
refuses it. What is no regular file at the end (a pipe, a device, nothing) is passed over.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from os.path import basename, splitext
from pathlib import Path

import pandas as pd

from kfood.data.crop_area import areas_in
from kfood.data.csv_layout import read_csv_samples
from kfood.data.photo import EXTENSIONS
from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.system.paths import real_path
from kfood.text import listed

log = logging.getLogger(__name__)

_NO_UNICODE = re.compile("[\ud800-\udfff]")  # how Python shows the bytes of a name that is not in UTF-8
_Row = tuple[str, str, str, str]  # path, label, split, area
_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "test": "test",
}


@dataclass(frozen=True)
class Layout:
    """Samples and, in words, the layout they were recognised by."""

    name: str
    samples: pd.DataFrame


def read_layout(root: str | Path, subset: str = "kfood") -> Layout:
    """Recognise how photos are stored under `root` and list them.

    Args:
        root: the camp's four folders; `<class>/*`; `{train,val|valid,test}/<class>/*`; AI Hub's
            `<category>/<dish>/*`; or a CSV with `path,label[,split][,group]`.
        subset: which of the camp's two data sets, "kfood" (42 dishes) or "kfood_health" (13).

    Raises:
        DataError: there is nothing there, no photo in it, or two folders are one class after NFC.
    """
    root = real_path(root)
    if not os.path.exists(root):
        raise DataError(f"There is no data folder {root}. Name one with --data, data.root or KFOOD_DATA.")
    if root.is_file():
        if root.suffix.lower() != ".csv":
            raise DataError(f"{root} is neither a folder nor a CSV; an archive is unpacked by kfood data unpack.")
        return Layout("CSV with path and label", read_csv_samples(root))
    folders = _folders(root)
    for recognise in (_camp, _splits, _classes, _categories):
        if layout := recognise(root, folders, subset):
            break
    else:
        raise DataError(
            f"There are no photos in {root}. kfood looks for <class>/*.jpg (or {_endings()}), the same below "
            "train, val and test, the camp's four folders, or AI Hub's <category>/<dish>/*."
        )
    samples = layout.samples.sort_values(["label", "path"], kind="stable", ignore_index=True)
    return Layout(layout.name, samples)


def _camp(root: Path, folders: dict[str, Path], subset: str) -> Layout | None:
    names = {f"{name}_{part}" for name in ("kfood", "kfood_health") for part in ("train", "val")}
    if not names & set(folders):
        return None
    if f"{subset}_train" not in folders:
        raise DataError(f"{root} holds the camp's data, but not the folder {subset}_train that this needs.")
    rows, found = [], []
    for part, split in (("train", "train"), ("val", "test")):
        if folder := folders.get(f"{subset}_{part}"):
            inner = folder / part  # kfood_train/train/<class>, but kfood_health_train/<class>
            rows += _class_rows(inner if inner.is_dir() else folder, split)
            found.append(folder.name)
    return Layout(f"the camp's data in {' and '.join(found)}", _samples(rows)) if rows else None


def _splits(root: Path, folders: dict[str, Path], subset: str) -> Layout | None:
    # Other folders are passed over, such as the __MACOSX that macOS puts into archives.
    parts = {path: _SPLIT_NAMES[name.lower()] for name, path in folders.items() if name.lower() in _SPLIT_NAMES}
    if "train" not in parts.values():
        return None
    if "test" not in parts.values():
        # The camp's custom: a given val folder is what is reported; the validation set comes out of train.
        parts = {folder: "test" if split == "valid" else split for folder, split in parts.items()}
    rows = [row for folder, split in parts.items() for row in _class_rows(folder, split)]
    words = " and ".join(f"{folder.name} ({split})" for folder, split in parts.items())
    return Layout(f"split folders {words}", _samples(rows)) if rows else None


def _classes(root: Path, folders: dict[str, Path], subset: str) -> Layout | None:
    rows = _class_rows(root, "")
    return Layout("a folder for each class", _samples(rows)) if rows else None


def _categories(root: Path, folders: dict[str, Path], subset: str) -> Layout | None:
    rows = [row for category in folders.values() for row in _class_rows(category, "")]
    return Layout("AI Hub's category and dish folders", _samples(rows)) if rows else None


def _samples(rows: list[_Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["path", "label", "split", "area"])


def _class_rows(parent: Path, split: str) -> list[_Row]:
    rows = []
    for label, folder in _folders(parent).items():
        areas = areas_in(folder)
        for photo in _visible(folder, _is_photo):
            rows.append((photo, label, split, areas.get(splitext(basename(photo))[0], "") if areas else ""))
    return rows


def _folders(parent: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in map(Path, _visible(parent, _is_folder)):
        name = nfc(folder.name)
        if name in found:
            raise DataError(
                f"{parent} holds two folders that are both called {name} (one composed, one decomposed Hangul). "
                "Put their photos into one folder."
            )
        found[name] = folder
    return dict(sorted(found.items()))


def _visible(folder: Path, kind: Callable[[os.DirEntry[str]], bool]) -> list[str]:
    """Return paths in order, as text: a million `Path`s take longer to make, ask and compare than to list.

    Names that are no Unicode are an error: unpacked without regard to their encoding, all of them are wrong.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.path for entry in entries if not entry.name.startswith(".") and kind(entry))
    except OSError as error:  # such as the lost+found of a disk
        log.warning("Passed over, cannot be listed: %s (%s)", folder, error.strerror)
        return []
    for path in found:
        if not path.isascii() and _NO_UNICODE.search(path):
            raise DataError(f"{path}: the name is no UTF-8. Rename it, or unpack its archive by kfood data unpack.")
    return found


# The listing itself says what is a folder and what a file; the system is asked only where a link points.
def _is_folder(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry) if entry.is_symlink() else entry.is_dir()


def _is_photo(entry: os.DirEntry[str]) -> bool:
    if splitext(entry.name)[1].lower() not in EXTENSIONS:
        return False
    return os.path.isfile(entry) if entry.is_symlink() else entry.is_file()


def _endings() -> str:
    return listed((ending for ending in EXTENSIONS if ending != ".jpg"), 20)
