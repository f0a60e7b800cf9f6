"""A CSV with a row a photo as samples."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from kfood.data.csv_file import read_columns
from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.system.paths import as_on_disk

_NEEDED, _OPTIONAL = ("path", "label"), ("split", "group")
_LONGEST = {"path": 4096, "label": 255}  # characters: no path and no folder's name has more on Linux
_SPLITS = {"": "", "train": "train", "val": "valid", "valid": "valid", "validation": "valid", "test": "test"}


def read_csv_samples(path: Path) -> pd.DataFrame:
    """Read `path,label[,split][,group]`; paths are relative to the CSV's folder.

    Paths may leave that folder, by `..` or as absolute ones: whoever writes the CSV names the photos.

    Raises:
        DataError: no such columns or one of them twice, an unknown split, an empty path or label, a photo listed
            twice, or what `read_columns` refuses.
    """
    lines, columns = read_columns(path, _NEEDED, _OPTIONAL)
    table = pd.DataFrame(columns, index=lines, dtype="str")
    for column, longest in _LONGEST.items():
        if (empty := table[column] == "").any():
            raise DataError(f"{path}, line {empty.idxmax()}: the {column} is empty.")
        unfit = table[column].str.contains("\0", regex=False) | (table[column].str.len() > longest)
        if unfit.any():
            raise DataError(
                f"{path}, line {unfit.idxmax()}: this cannot be a {column}, as it has more than {longest} characters "
                "or holds a NUL."
            )
    unknown = ~table["split"].str.lower().isin(_SPLITS)
    if unknown.any():
        line, word = unknown.idxmax(), table["split"][unknown.idxmax()][:80]
        raise DataError(f'{path}, line {line}: "{word}" is no split. Use train, valid, test or nothing.')
    table["split"] = table["split"].str.lower().map(_SPLITS)
    for column in ("label", "group"):
        table[column] = table[column].map(nfc)
    table["path"] = _resolved(path.parent, table["path"])
    if (twice := table["path"].duplicated()).any():
        raise DataError(f"{path}, line {twice.idxmax()}: {table['path'][twice.idxmax()]} is listed twice.")
    if not len(table):
        raise DataError(f"{path} lists no photos.")
    table["area"] = ""
    kept = ["path", "label", "split", "area"]
    if (table["group"] != "").any():
        kept.append("group")
    return table[kept].sort_values(["label", "path"], kind="stable", ignore_index=True)


class _Forms:
    """Names in the form that the disk has them in; each folder is listed once."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, str]] = {}

    def of(self, folder: str, name: str) -> str:
        """Return what is in the folder that is `name` but for how Hangul is composed; `name` where nothing is."""
        if folder not in self._folders:
            there = os.listdir(folder) if os.path.isdir(folder) else []
            self._folders[folder] = {nfc(each): each for each in there}
        return self._folders[folder].get(nfc(name), name)


def _resolved(folder: Path, names: Iterable[str]) -> list[str]:
    """Return what `realpath` would, with each folder resolved once instead of once a photo."""
    parents: dict[str, str] = {}
    forms = _Forms()
    paths = []
    for name in names:
        if os.sep == "/" and "\\" in name and not os.path.exists(as_on_disk(os.path.join(folder, name))):
            name = name.replace("\\", "/")  # written on Windows
        parent, file = os.path.split(os.path.join(folder, name))
        if parent not in parents:
            parents[parent] = os.path.realpath(as_on_disk(parent))
        path = os.path.join(parents[parent], file)
        if not file.isascii() and not os.path.lexists(path):
            path = os.path.join(parents[parent], forms.of(parents[parent], file))
        paths.append(os.path.realpath(path) if file in ("", ".", "..") or os.path.islink(path) else path)
    return paths
