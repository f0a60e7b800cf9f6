"""Files of predictions: CSV, JSON lines and Parquet, written row by row."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from kfood.errors import KfoodError
from kfood.prediction.predictor import Cell
from kfood.system.extras import require_extra
from kfood.system.files import write_whole
from kfood.system.os_errors import cannot_use
from kfood.text import did_you_mean

_BOM = "\ufeff"
_EXCEL, _PARQUET = ".excel.csv", ".parquet"
ENDINGS = (".csv", _EXCEL, ".jsonl", _PARQUET)
_ROWS_A_GROUP = 10_000  # of a Parquet file


class RowFile:
    """A file to which rows are added, each of which is on the disk as soon as it was written.

    Parquet has no such thing as one more row: they are kept as JSON lines in a hidden file beside it, out of which the
    Parquet file is made at the end, or where Ctrl-C ends the work.

    Args:
        file: its ending is one of `ENDINGS`. A file that is there is replaced, unless rows are added.
        columns: their names.
        add: whether to add to the whole rows that are there.

    Raises:
        KfoodError: another ending, pyarrow is needed and not installed, or it cannot be written.
    """

    def __init__(self, file: Path, columns: Sequence[str], add: bool = False) -> None:
        self.file, self.columns = file, list(columns)
        self.rows_file = rows_file(file)
        try:
            end = _end_of_whole_rows(self.rows_file, self.columns) if add else 0
            if self.rows_file.is_file():
                os.truncate(self.rows_file, end)
            self._open = self.rows_file.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise cannot_use(self.rows_file, error) from None
        self._as_text = _csv_line if _is_csv(self.rows_file) else self._json_line
        if not end and _is_csv(self.rows_file):
            self._add((_BOM if file.name.lower().endswith(_EXCEL) else "") + _csv_line(self.columns))

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()
        if self.rows_file != self.file and (kind is None or issubclass(kind, KeyboardInterrupt)):
            _write_parquet(self.file, self.columns, self.rows_file)

    def write(self, cells: Sequence[Cell]) -> None:
        """Add a row. Raises KfoodError where it cannot be written."""
        self._add(self._as_text(cells))

    def _add(self, text: str) -> None:
        try:
            self._open.write(text)
            self._open.flush()
        except OSError as error:
            raise cannot_use(self.rows_file, error) from None

    def _json_line(self, cells: Sequence[Cell]) -> str:
        return json.dumps(dict(zip(self.columns, cells, strict=True)), ensure_ascii=False) + "\n"


def require_kind(file: Path) -> Path:
    """Return a file that is to be written.

    Raises:
        KfoodError: it has another ending than those in `ENDINGS`.
        MachineError: what writes it is not installed.
    """
    ending = next((ending for ending in ENDINGS if file.name.lower().endswith(ending)), None)
    if ending is None:
        raise KfoodError(
            f"{file} does not end in .csv, .excel.csv (which Excel opens with Hangul), .jsonl or .parquet: name it so."
            f"{did_you_mean(file.suffix.lower(), ENDINGS)}"
        )
    if ending == _PARQUET:
        require_extra("parquet", "Writing Parquet")
    return file


def rows_file(file: Path) -> Path:
    """Return where the rows of a file are while it is written: in itself, but for Parquet."""
    return file.with_name(f".{file.name}.jsonl") if file.suffix.lower() == _PARQUET else file


def paths_in(file: Path, columns: Sequence[str]) -> Iterator[str]:
    """Give the paths of the whole rows of a `rows_file`.

    Raises:
        KfoodError: it has other columns, or is none.
    """
    for path, _ in _whole_rows(file, columns):
        yield path


def _end_of_whole_rows(file: Path, columns: Sequence[str]) -> int:
    """Return where the last whole row ends, in bytes; 0 where not even the header is whole."""
    end = max((end for _, end in _whole_rows(file, columns)), default=0)
    if not end and _is_csv(file) and file.exists():
        with file.open("rb") as lines:
            end = len(line) if (line := lines.readline()).endswith(b"\n") else 0
    return end


def _whole_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Give each whole row's path, and where the row ends, in bytes: a process that was killed may leave half a row."""
    if not file.exists():
        return
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        with file.open("rb") as read:
            for line in read:
                if not line.endswith(b"\n"):
                    return
                end += len(line)
                yield line.decode("utf-8")

    try:
        rows: Iterator[Any] = csv.reader(lines(), strict=True) if _is_csv(file) else map(json.loads, lines())
        if _is_csv(file) and [name.removeprefix(_BOM) for name in next(rows, columns)] != list(columns):
            raise KfoodError(f"{file} has other columns than {', '.join(columns)}: was it written with another --top?")
        for row in rows:
            if not _is_csv(file) and list(row) != list(columns):
                raise KfoodError(f"{file} has rows without {', '.join(columns)}: was it written with another --top?")
            yield row[0 if _is_csv(file) else "path"], end
    except csv.Error:  # the last row is not whole
        return
    except (ValueError, TypeError):
        raise KfoodError(f"{file} is no file of predictions: name another one.") from None


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _csv_line(cells: Sequence[Cell]) -> str:
    line = StringIO()
    csv.writer(line).writerow(["" if cell is None else cell for cell in cells])
    return line.getvalue()


def _write_parquet(file: Path, columns: Sequence[str], rows: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = [pa.float64() if name.endswith(("_probability", "_p")) else pa.string() for name in columns]
    schema = pa.schema(list(zip(columns, kinds, strict=True)))

    def write(partial: Path) -> None:
        with ParquetWriter(partial, schema) as writer, rows.open(encoding="utf-8") as lines:
            while group := [json.loads(line) for line in islice(lines, _ROWS_A_GROUP)]:
                writer.write_table(pa.Table.from_pylist(group, schema))

    write_whole(file, write)
