"""Paths of photos in a .txt or .csv, and on standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import BinaryIO, NamedTuple

from kfood.data.csv_file import read_rows, text_encoding

LISTS = (".txt", ".csv")
_QUEUED = 1000  # lines read ahead of standard input
_PATIENCE = 0.2  # seconds in which no line came


class Line(NamedTuple):
    """A path as it was written, and the file that it means; None where there is none, also not in `looked_in`."""

    path: str
    file: str | None
    looked_in: str = ""


def listed_paths(file: Path) -> Iterator[Line]:
    """Give what a list names: the lines of a .txt, the column `path` of a .csv; empty ones are passed over.

    Paths are relative to the list's folder, or to the current one. The list may be in UTF-8, UTF-16 or CP949.

    Raises:
        DataError: it cannot be read, or is a CSV without a column `path`.
    """
    places = [file.parent, Path()]
    looked_in = f", neither in {file.parent} nor in the current folder"
    for path in _rows_of(file) if file.suffix.lower() == ".csv" else _lines_of(file):
        if path:
            yield Line(path, _found(path, places), "" if os.path.isabs(path) else looked_in)


def paths_on_stdin(stream: BinaryIO | None = None) -> Iterator[Line | None]:
    """Give the paths on standard input, one a line, relative to the current folder, as they come.

    None means that none came for a while: whoever gathers several should go on with those that there are.
    """
    lines: Queue[bytes | None] = Queue(_QUEUED)
    Thread(target=_feed, args=(stream or sys.stdin.buffer, lines), daemon=True).start()
    waited = False
    while True:
        try:
            line = lines.get(timeout=None if waited else _PATIENCE)
        except Empty:
            waited = True
            yield None
            continue
        waited = False
        if line is None:
            return
        if path := os.fsdecode(line.removeprefix(b"\xef\xbb\xbf")).strip("\r\n"):
            yield Line(path, _found(path, [Path()]))


def _feed(stream: BinaryIO, lines: Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _lines_of(file: Path) -> Iterator[str]:
    with file.open(encoding=text_encoding(file)) as text:
        yield from map(str.strip, text)


def _rows_of(file: Path) -> Iterator[str]:
    return (cells[0] for _, cells in read_rows(file, ["path"]))


def _found(path: str, places: list[Path]) -> str | None:
    """Return the file that a path means in the first place where there is one."""
    ways = [path]
    if os.sep == "/" and "\\" in path:
        ways.append(path.replace("\\", "/"))  # written on Windows
    for way in ways:
        for place in places:
            if os.path.exists(there := os.path.join(place, way)):
                return there
    return None
