"""A CSV with a row a photo as samples."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from kfood.data.csv_file import read_columns
from kfood.errors import DataError
from kfood.recipes.schema import nfc

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
    table["label"] = table["label"].map(nfc)
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


def _resolved(folder: Path, names: Iterable[str]) -> list[str]:
    """Return what `realpath` would, with each folder resolved once instead of once a photo."""
    parents: dict[str, str] = {}
    paths = []
    for name in names:
        if os.sep == "/" and "\\" in name and not os.path.exists(os.path.join(folder, name)):
            name = name.replace("\\", "/")  # written on Windows
        parent, file = os.path.split(os.path.join(folder, name))
        if parent not in parents:
            parents[parent] = os.path.realpath(parent)
        path = os.path.join(parents[parent], file)
        paths.append(os.path.realpath(path) if file in ("", ".", "..") or os.path.islink(path) else path)
    return paths
