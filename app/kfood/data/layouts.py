"""Folders or a CSV as samples: the layout is recognised, not asked for, and said aloud.

Samples are a DataFrame with a row a photo: `path` (absolute), `label` (NFC), `split` ("train", "valid", "test",
or "" where the layout leaves it open) and, where known, `group` and `area` ("x,y,width,height" in pixels).

A class is a folder; what lies in folders below it, such as one a day, is of that class. Where it cannot be told which
folders are the classes, that is an error. Every file is accounted for: a sample, or left out with the reason.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from os.path import basename, splitext
from pathlib import Path

import pandas as pd

from kfood.data.crop_area import areas_in
from kfood.data.csv_layout import read_csv_samples
from kfood.data.folder_names import is_container, is_session, split_of
from kfood.data.photo import EXTENSIONS
from kfood.data.tree import Folder, LeftOut, describe_unread, list_tree
from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.system.paths import real_path
from kfood.text import listed

log = logging.getLogger(__name__)
_Row = tuple[str, str, str, str]  # path, label, split, area
_Classes = dict[str, list[Folder]]
_NO_CLASS = "in no class folder"
_SAID = 5  # folders left out, in a warning


@dataclass(frozen=True)
class Layout:
    """Samples and, in words, the layout they were recognised by; and all files that are none of them."""

    name: str
    samples: pd.DataFrame
    left_out: list[LeftOut] = field(default_factory=list)


def read_layout(root: str | Path, subset: str = "kfood") -> Layout:
    """Recognise how photos are stored under `root` and list them.

    Args:
        root: the camp's four folders; `<class>/*`; `{train,val|valid,test}/<class>/*`; AI Hub's
            `<category>/<dish>/*`; or a CSV with `path,label[,split][,group]`.
        subset: which of the camp's two data sets, "kfood" (42 dishes) or "kfood_health" (13).

    Raises:
        DataError: there is nothing there, no photo in it, two folders are one class after NFC, or it cannot be told
            which folders are the classes.
    """
    root = _existing(root)
    if root.is_file():
        return Layout("CSV with path and label", read_csv_samples(root))
    tree, left_out = list_tree(root)
    name, rows = _required(root, tree, left_out, subset)
    samples = pd.DataFrame(rows, columns=["path", "label", "split", "area"])
    samples = samples.sort_values(["label", "path"], kind="stable", ignore_index=True)
    if unread := describe_unread(left_out):
        log.warning("Left out: %s.", unread)
    return Layout(name, samples, _unused(tree, set(samples["path"]), name) + left_out)


def count_classes(root: str | Path, subset: str = "kfood") -> Counter[str]:
    """Return how many samples of each class `read_layout` finds, without a word on what is left out.

    Arguments and errors are those of `read_layout`.
    """
    root = _existing(root)
    if root.is_file():
        return Counter(read_csv_samples(root)["label"])
    return Counter(label for _, label, _, _ in _required(root, *list_tree(root), subset)[1])


def _existing(root: str | Path) -> Path:
    root = real_path(root)
    if not os.path.exists(root):
        raise DataError(f"There is no data folder {root}. Name one with --data, data.root or KFOOD_DATA.")
    if root.is_file() and root.suffix.lower() != ".csv":
        raise DataError(f"{root} is neither a folder nor a CSV; an archive is unpacked by kfood data unpack.")
    return root


def _required(root: Path, tree: Folder, left_out: list[LeftOut], subset: str) -> tuple[str, list[_Row]]:
    """Return the layout's name and its rows, of which there is one at least."""
    name, rows = _recognised(_unwrapped(tree), subset)
    if not rows:
        raise DataError(
            f"There are no photos in {root}{_what_is_there(tree, left_out)}. kfood looks for <class>/*.jpg (or "
            f"{_endings()}), the same below train, val and test, the camp's four folders, or AI Hub's "
            "<category>/<dish>/*."
        )
    return name, rows


def _recognised(tree: Folder, subset: str) -> tuple[str, list[_Row]]:
    for recognise in (_camp, _splits, _split_in_class):
        if found := recognise(tree, subset):
            return found
    name, classes = _classes(tree)
    return name, _rows(classes, "")


def _unwrapped(tree: Folder) -> Folder:
    """Return the folder in which a choice begins: what a download puts around everything is passed through."""
    while len(tree.folders) == 1 and not tree.photos:
        (only,) = tree.folders.values()
        names = list(only.folders)
        if only.photos or split_of(only.name) or _is_of_camp(only.name) or all(map(is_session, names)):
            break
        tree = only
    return tree


def _camp(tree: Folder, subset: str) -> tuple[str, list[_Row]] | None:
    if not any(map(_is_of_camp, tree.folders)):
        return None
    if f"{subset}_train" not in tree.folders:
        raise DataError(f"{tree.path} holds the camp's data, but not the folder {subset}_train that this needs.")
    rows, found = [], []
    for part, split in (("train", "train"), ("val", "test")):
        if folder := tree.folders.get(f"{subset}_{part}"):
            inner = folder.folders.get(part, folder)  # kfood_train/train/<class>, but kfood_health_train/<class>
            rows += _rows(_classes(inner)[1], split)
            found.append(folder.name)
    return f"the camp's data in {' and '.join(found)}", rows


def _is_of_camp(name: str) -> bool:
    return name in {f"{data}_{part}" for data in ("kfood", "kfood_health") for part in ("train", "val")}


def _splits(tree: Folder, subset: str) -> tuple[str, list[_Row]] | None:
    parts = [(folder, split) for name, folder in tree.folders.items() if (split := split_of(name)) and folder.folders]
    given = {split for _, split in parts}
    if "train" not in given:
        return None
    if "test" not in given:
        # The camp's custom: a given val folder is what is reported; the validation set comes out of train.
        parts = [(folder, "test" if split == "valid" else split) for folder, split in parts]
    rows = [row for folder, split in parts for row in _rows(_classes(folder)[1], split)]
    return "split folders " + " and ".join(f"{folder.name} ({split})" for folder, split in parts), rows


def _split_in_class(tree: Folder, subset: str) -> tuple[str, list[_Row]] | None:
    """Recognise `<class>/{train,val,test}/*`."""
    inner = [folder for dish in tree.folders.values() for folder in dish.folders.values()]
    if not inner or any(dish.photos for dish in tree.folders.values()) or not all(split_of(one.name) for one in inner):
        return None
    has_test = any(split_of(folder.name) == "test" for folder in inner)
    rows = []
    for name, dish in tree.folders.items():
        for folder in dish.folders.values():
            split = split_of(folder.name)
            rows += _rows({name: [folder]}, "test" if split == "valid" and not has_test else split)
    return "a folder for each class, with split folders in it", rows


def _classes(part: Folder) -> tuple[str, _Classes]:
    """Return which folders are the classes, and in words how they were told.

    Raises:
        DataError: it cannot be told.
    """
    containers = [folder for folder in part.folders.values() if is_container(folder.name)]
    if containers and len(containers) == len(part.folders):
        return "AI Hub's delivered folders", _merged([_classes(folder)[1] for folder in containers])
    flat = [folder for folder in part.folders.values() if folder.photos]
    deep = [folder for folder in part.folders.values() if not folder.photos]
    if flat or all(is_session(name) for folder in deep for name in folder.folders):
        _require_sessions(part, deep, flat)
        return "a folder for each class", {folder.name: [folder] for folder in part.folders.values()}
    _require_told_apart(part, deep)
    return "AI Hub's category and dish folders", _merged([_classes(folder)[1] for folder in deep])


def _require_sessions(part: Folder, deep: list[Folder], flat: list[Folder]) -> None:
    for folder in deep:
        if not all(map(is_session, folder.folders)):
            raise DataError(
                f"{folder.path} holds no photos itself but the folders {listed(folder.folders, 5)}, while "
                f"{flat[0].path.name} beside it holds photos: it cannot be told whether {folder.name} is a class or "
                "several. Move its photos up, or its folders beside the other classes; a CSV with path and label "
                "does as well."
            )


def _require_told_apart(part: Folder, categories: list[Folder]) -> None:
    counts = Counter(name for folder in categories for name in folder.folders)
    name, most = counts.most_common(1)[0]
    if most > 1:
        parents = listed((folder.name for folder in categories if name in folder.folders), 4)
        raise DataError(
            f"{part.path}: {name} stands below {parents}, so it cannot be told which folders are the classes. Put each "
            "class's photos into one folder, or list them in a CSV with path and label."
        )


def _merged(several: list[_Classes]) -> _Classes:
    found: _Classes = {}
    for classes in several:
        for name, folders in classes.items():
            found.setdefault(name, []).extend(folders)
    return found


def _rows(classes: _Classes, split: str) -> list[_Row]:
    rows: list[_Row] = []
    for label in sorted(classes):
        for folder in (below for of_class in classes[label] for below in of_class.walk()):
            areas = areas_in(folder.path)
            for photo in folder.photos:
                rows.append((photo, label, split, areas.get(nfc(splitext(basename(photo))[0]), "") if areas else ""))
    return rows


def _unused(tree: Folder, used: set[str], name: str) -> list[LeftOut]:
    """Return the photos that are no samples, by folder, and warn of them."""
    found = []
    for folder in tree.walk():
        if n := sum(photo not in used for photo in folder.photos):
            found.append(LeftOut(str(folder.path), n, _NO_CLASS))
    if found and not name.startswith("the camp's"):  # whose other data set lies beside
        places = listed((f"{one.path} ({one.files})" for one in found), _SAID)
        log.warning(
            "Left out, as they lie in no class folder: %d photos in %s. kfood predict tells what is on such photos.",
            sum(one.files for one in found),
            places,
        )
    return found


def _what_is_there(tree: Folder, left_out: list[LeftOut]) -> str:
    if tree.photos:
        return f" but {len(tree.photos)} in no class folder"
    unread = describe_unread(left_out)
    return f" that are read, but {unread}" if unread else ""


def _endings() -> str:
    return listed((ending for ending in EXTENSIONS if ending != ".jpg"), 20)
