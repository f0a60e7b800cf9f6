"""Writing a file whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kfood.errors import KfoodError

if TYPE_CHECKING:
    import pandas as pd


def content_digest(content: bytes) -> str:
    """Return 32 hex digits that stand for a file's content (BLAKE2b)."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    A reader sees the old file or the new one, never a part; a failed write leaves the old file as it was, and so does
    a machine that loses its power.

    Raises:
        OSError: it cannot be written; `filename` is `path`, whichever step failed.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("r+b") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno is not None:  # fsync names no file, the others name the temporary one
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        with suppress(OSError):  # where nothing can be written, nothing can be removed
            partial.unlink(missing_ok=True)


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; at the end, those of them that hold nothing are taken away again.

    Raises:
        OSError: it cannot be made.
    """
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for each in new:  # the deepest first
            with suppress(OSError):  # it holds something
                each.rmdir()


def require_new_toml(file: Path, what: str) -> None:
    """Check that a person may write a new TOML file here; `what` it is to be.

    Raises:
        KfoodError: it does not end in .toml, is there already, or its folder is not there.
    """
    if file.suffix != ".toml":
        raise KfoodError(f"{file} does not end in .toml: name the new {what} so.")
    if file.exists():
        raise KfoodError(f"{file} is there already: name a new file.")
    if not file.parent.is_dir():
        raise KfoodError(f"There is no folder {file.parent}.")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write `value` as indented JSON with Hangul left readable."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name, as `numpy.load` reads them (.npz), each with a checksum that it compares."""
    import numpy as np  # commands that write none start without it

    def write(partial: Path) -> None:
        with partial.open("wb") as file:  # a name would be given the ending .npz
            np.savez(file, **arrays)

    write_whole(path, write)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write `table` without its index, in UTF-8 with a byte order mark, so that Excel shows the Hangul.

    Text is written exactly as it is, also where a spreadsheet would take it for a formula (a name that begins with =,
    +, - or @): kfood reads these tables again, and a name that was changed would name nothing. To look at names from
    a source that is not trusted, import the columns as text.
    """
    # With lines that end as Excel's do, a name that holds half of such an end is put into quotes.
    write_whole(path, lambda partial: table.to_csv(partial, index=False, encoding="utf-8-sig", lineterminator="\r\n"))


def read_csv(path: Path, text: Iterable[str] = (), needed: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table that `write_csv` wrote; columns named in `text` come back as text, "" and "NA" included.

    Raises:
        ValueError: it is no such table, or has no column of a name in `needed`.
    """
    import pandas as pd  # commands that read no table start without it

    as_text = dict.fromkeys(text, str)
    columns = pd.read_csv(path, encoding="utf-8-sig", nrows=0).columns
    if absent := [name for name in needed if name not in columns]:
        raise ValueError(f"it has no column {absent[0]}.")
    empty = {name: [""] for name in columns if name not in as_text}
    return pd.read_csv(path, encoding="utf-8-sig", dtype=as_text, keep_default_na=False, na_values=empty)
