"""A CSV with a row a photo as samples."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError, did_you_mean
from kfood.recipes.schema import nfc

_SPLITS = {"": "", "train": "train", "val": "valid", "valid": "valid", "validation": "valid", "test": "test"}


def read_csv_samples(path: Path) -> pd.DataFrame:
    """Read `path,label[,split][,group]`; paths are relative to the CSV's folder.

    Raises:
        KfoodError: no such columns, an unknown split, an empty path or label, a photo listed twice, or a file
            that is no CSV in UTF-8 or CP949.
    """
    table = _read(path)
    for column in ("path", "label"):
        if column not in table:
            raise KfoodError(
                f'{path} has no column "{column}".{did_you_mean(column, table.columns)} '
                "It needs path and label, and may have split and group."
            )
    table = table.reindex(columns=["path", "label", "split", "group"], fill_value="")
    table = table.fillna("").apply(lambda column: column.str.strip())
    table = table[(table != "").any(axis=1)]  # Excel leaves empty rows behind
    for column in ("path", "label"):
        if (empty := table[column] == "").any():
            raise KfoodError(f"{path}, line {empty.idxmax() + 2}: the {column} is empty.")
    unknown = ~table["split"].str.lower().isin(_SPLITS)
    if unknown.any():
        line, word = unknown.idxmax() + 2, table["split"][unknown.idxmax()]
        raise KfoodError(f'{path}, line {line}: "{word}" is no split. Use train, valid, test or nothing.')
    table["split"] = table["split"].str.lower().map(_SPLITS)
    table["label"] = table["label"].map(nfc)
    table["path"] = _resolved(path.parent, table["path"])
    if (twice := table["path"].duplicated()).any():
        raise KfoodError(f"{path}, line {twice.idxmax() + 2}: {table['path'][twice.idxmax()]} is listed twice.")
    if not len(table):
        raise KfoodError(f"{path} lists no photos.")
    table["area"] = ""
    columns = ["path", "label", "split", "area"]
    if (table["group"] != "").any():
        columns.append("group")
    return table[columns].sort_values(["label", "path"], kind="stable", ignore_index=True)


def _resolved(folder: Path, names: Iterable[str]) -> list[str]:
    """Return what `Path.resolve` would, with each folder resolved once instead of once a photo."""
    parents: dict[str, str] = {}
    paths = []
    for name in names:
        parent, file = os.path.split(os.path.join(folder, name))
        if parent not in parents:
            parents[parent] = str(Path(parent).resolve())
        path = os.path.join(parents[parent], file)
        paths.append(str(Path(path).resolve()) if file in ("", ".", "..") or os.path.islink(path) else path)
    return paths


def _read(path: Path) -> pd.DataFrame:
    for encoding in ("utf-8-sig", "cp949"):  # CP949 is what Excel writes on a Korean Windows
        try:
            # Without index_col=False, a comma too many in each row would shift all columns by one. Empty lines are
            # kept, so that messages count lines as an editor does.
            return pd.read_csv(
                path,
                encoding=encoding,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                skipinitialspace=True,
            ).rename(columns=str.strip)
        except UnicodeDecodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise KfoodError(f"{path} is not a CSV: {str(error).strip()}.") from None
    raise KfoodError(f"{path} is neither in UTF-8 nor in CP949: save it as UTF-8.")
