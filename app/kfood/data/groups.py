"""Which coarser group each class belongs to: by a table, or by the folder above the class folder."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kfood.data.csv_file import read_columns
from kfood.data.folder_names import is_container, is_session, split_of
from kfood.errors import DataError
from kfood.text import did_you_mean, listed


def read_groups(file: Path, classes: Sequence[str]) -> dict[str, str]:
    """Return the group of each class, in class order, by a CSV with the columns `class` and `group`.

    Raises:
        DataError: the file cannot be read, misses a class, names one that is not among `classes`, or gives one two
            groups.
    """
    lines, columns = read_columns(file, ["class", "group"])
    found: dict[str, str] = {}
    for line, *cells in zip(lines, columns["class"], columns["group"], strict=True):
        name, group = (unicodedata.normalize("NFC", cell) for cell in cells)
        if name not in classes:
            raise DataError(
                f'{file}, line {line}: "{name}" is none of the classes.{did_you_mean(name, classes)} They are '
                f"{listed(classes, 20)}."
            )
        if not group:
            raise DataError(f"{file}, line {line}: {name} has no group.")
        if found.setdefault(name, group) != group:
            raise DataError(f"{file}, line {line}: {name} is of {found[name]} and of {group}; a class has one group.")
    if missing := [name for name in classes if name not in found]:
        raise DataError(f"{file} has no group for {listed(missing)}: give each class one, its own name if need be.")
    return {name: found[name] for name in classes}


def groups_by_folder(samples: pd.DataFrame, classes: Sequence[str]) -> dict[str, str]:
    """Return the group of each class, in class order, by the folder above the class folder, as AI Hub delivers it.

    {} where these folders tell nothing: a class lies in several, all classes in one, or they are those of splits.

    Args:
        samples: with `path` and `label`.
        classes: all of them.
    """
    found: dict[str, set[str]] = {name: set() for name in classes}
    folders = pd.Series([str(Path(path).parent) for path in samples["path"]], samples.index)
    for folder, label in set(zip(folders, samples["label"], strict=True)):
        parts = [unicodedata.normalize("NFC", part) for part in Path(folder).parts]
        if label in parts[1:] and label in found:
            found[label].add(parts[len(parts) - 2 - parts[::-1].index(label)])
    groups = {name: next(iter(each)) for name, each in found.items() if len(each) == 1}
    names = set(groups.values())
    tell = len(groups) == len(classes) and 1 < len(names) < len(classes)
    if not tell or any(is_container(name) or is_session(name) or split_of(name) for name in names):
        return {}
    return groups
