"""CSVs as other programs write them: in UTF-8, UTF-16 or CP949, with commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from kfood.data.photo import EXTENSIONS
from kfood.errors import DataError
from kfood.text import did_you_mean

_SEPARATORS = ",;\t|"
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)  # Excel's own first line
_PIECE = 2**16  # characters read at once
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_columns(
    path: Path, needed: Sequence[str], optional: Sequence[str] = ()
) -> tuple[list[int], dict[str, list[str]]]:
    """Return the lines that say something, and the columns by name, as text without spaces around it.

    Args:
        path: a CSV with a header, whose names may be written in capitals.
        needed: columns that must be there.
        optional: columns that are "" where they are not there.

    Raises:
        DataError: it cannot be read, is not a CSV, lacks a needed column, has one twice, or has a row longer than the
            header.
    """
    lines: list[int] = []
    columns: dict[str, list[str]] = {name: [] for name in (*needed, *optional)}
    for line, cells in read_rows(path, needed, optional):
        lines.append(line)
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(sys.intern(cell))
    return lines, columns


def read_rows(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
    """Give each row's line and its cells in the order of `needed` and `optional`, one after the other.

    Arguments and errors are those of `read_columns`.
    """
    with path.open(encoding=text_encoding(path), newline="") as text:
        yield from _rows(text, path, needed, optional)


def text_encoding(path: Path) -> str:
    """Return the encoding of a text file: UTF-8 or UTF-16 where it is that, else CP949.

    Raises:
        DataError: it is in none of them, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(2)
        for encoding in ("utf-16",) if begins in _UTF16 else ("utf-8-sig", "cp949"):  # CP949: Excel on a Korean Windows
            try:
                with path.open(encoding=encoding, newline="") as text:
                    while text.read(_PIECE):
                        pass
                return encoding
            except UnicodeError:
                continue
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    raise DataError(f"{path} is neither in UTF-8 nor in UTF-16 or CP949: save it as UTF-8.")


def _rows(
    text: Iterator[str], path: Path, needed: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[int, list[str]]]:
    before, separator, text = _begun(text, needed)
    # Not pandas' reader: it drops what a row has too much, so that a comma in a name would shift the label unseen.
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        places = _places(header, path, needed, optional).values()
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue  # Excel leaves empty rows behind
            line = before + reader.line_num
            if any(map(str.strip, cells[len(header) :])):
                names = {",": "comma", ";": "semicolon", "\t": "tab"}
                raise DataError(
                    f"{path}, line {line}: there are more cells than columns. Put text with a "
                    f"{names.get(separator, separator)} into quotes."
                )
            yield line, [cells[place].strip() if place < len(cells) else "" for place in places]
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV: line {before + reader.line_num}: {error}.") from None


def _begun(text: Iterator[str], needed: Sequence[str]) -> tuple[int, str, Iterator[str]]:
    """Return how many lines stand before the header, what separates cells, and the text from the header on."""
    first = next(text, "")
    if said := _SAYS_SEPARATOR.match(first):
        return 1, said[1], text
    names = {
        separator: {name.strip(' "').lower() for name in first.strip().split(separator)} for separator in _SEPARATORS
    }
    fits = [separator for separator in _SEPARATORS if set(needed) <= names[separator]]
    return 0, fits[0] if fits else ",", chain([first], text)


def _places(header: list[str], path: Path, needed: Sequence[str], optional: Sequence[str]) -> dict[str, int]:
    """Return where each column stands; a place behind all others where it does not."""
    if not any(header):
        raise DataError(f"{path} is not a CSV: its first line is empty, but should name the columns.")
    lower = [name.lower() for name in header]
    places = {}
    for column in (*needed, *optional):
        names = header if column in header else lower
        if names.count(column) > 1:
            raise DataError(f'{path} has {names.count(column)} columns called "{column}": leave one.')
        if column not in names and column in needed:
            may = f", and may have {_all(optional)}" if optional else ""
            wants = f"It needs {_all(needed)}{may}."
            if any(name.endswith(tuple(EXTENSIONS)) for name in lower):
                raise DataError(f"{path} has no header: its first line must name the columns. {wants}")
            near = did_you_mean(column, (name for name in names if len(name) < 80))
            raise DataError(f'{path} has no column "{column}".{near} {wants}')
        places[column] = names.index(column) if column in names else len(header)
    return places


def _all(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
