"""A CSV with a row a photo as samples."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.text import did_you_mean

_COLUMNS = ("path", "label", "split", "group")
_LONGEST = {"path": 4096, "label": 255}  # characters: no path and no folder's name has more on Linux
_SPLITS = {"": "", "train": "train", "val": "valid", "valid": "valid", "validation": "valid", "test": "test"}


def read_csv_samples(path: Path) -> pd.DataFrame:
    """Read `path,label[,split][,group]`; paths are relative to the CSV's folder.

    Paths may leave that folder, by `..` or as absolute ones: whoever writes the CSV names the photos.

    Raises:
        DataError: no such columns or one of them twice, an unknown split, an empty path or label, a photo listed
            twice, a row longer than the header, or a file that is no CSV in UTF-8 or CP949.
    """
    table = _read(path)  # its index are line numbers
    table = table[(table != "").any(axis=1)]  # Excel leaves empty rows behind
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
    columns = ["path", "label", "split", "area"]
    if (table["group"] != "").any():
        columns.append("group")
    return table[columns].sort_values(["label", "path"], kind="stable", ignore_index=True)


def _resolved(folder: Path, names: Iterable[str]) -> list[str]:
    """Return what `realpath` would, with each folder resolved once instead of once a photo."""
    parents: dict[str, str] = {}
    paths = []
    for name in names:
        parent, file = os.path.split(os.path.join(folder, name))
        if parent not in parents:
            parents[parent] = os.path.realpath(parent)
        path = os.path.join(parents[parent], file)
        paths.append(os.path.realpath(path) if file in ("", ".", "..") or os.path.islink(path) else path)
    return paths


def _read(path: Path) -> pd.DataFrame:
    """Return the known columns as text, by line number, whichever of the two encodings the file is in."""
    for encoding in ("utf-8-sig", "cp949"):  # CP949 is what Excel writes on a Korean Windows
        try:
            with open(path, encoding=encoding, newline="") as file:
                return _table(file, path)
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    raise DataError(f"{path} is neither in UTF-8 nor in CP949: save it as UTF-8.")


def _table(text: Iterable[str], path: Path) -> pd.DataFrame:
    # Not pandas' reader: it drops what a row has too much, so that a comma in a name would shift the label unseen.
    reader = csv.reader(text, strict=True, skipinitialspace=True)
    lines: list[int] = []
    columns: dict[str, list[str]] = {name: [] for name in _COLUMNS}
    try:
        header = [name.strip() for name in next(reader, [])]
        places = _places(header, path)
        for cells in reader:
            if any(map(str.strip, cells[len(header) :])):
                raise DataError(
                    f"{path}, line {reader.line_num}: there are more cells than columns. Put text with a comma into "
                    "quotes."
                )
            lines.append(reader.line_num)
            for name, place in places.items():
                columns[name].append(sys.intern(cells[place].strip()) if place < len(cells) else "")
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV: line {reader.line_num}: {error}.") from None
    return pd.DataFrame(columns, index=lines, dtype="str")


def _places(header: list[str], path: Path) -> dict[str, int]:
    """Return where each known column stands; a place behind all others where it does not."""
    if not any(header):
        raise DataError(f"{path} is not a CSV: its first line is empty, but should name the columns.")
    for column in _COLUMNS:
        if header.count(column) > 1:
            raise DataError(f'{path} has {header.count(column)} columns called "{column}": leave one.')
        if column not in header and column in _LONGEST:
            near = did_you_mean(column, (name for name in header if len(name) < 80))
            raise DataError(
                f'{path} has no column "{column}".{near} It needs path and label, and may have split and group.'
            )
    return {column: header.index(column) if column in header else len(header) for column in _COLUMNS}
