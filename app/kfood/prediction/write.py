"""All predictions into a file; what was interrupted goes on where it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from kfood.errors import KfoodError
from kfood.prediction.load import Asked, identity, load_predictor
from kfood.prediction.outputs import RowFile, paths_in, require_kind, rows_file
from kfood.prediction.sources import Named, Photos
from kfood.prediction.stream import column_names, more_columns, predicted_rows
from kfood.run.folder import Run
from kfood.system.files import made_folder, write_json
from kfood.system.progress import track

log = logging.getLogger(__name__)


@dataclass
class Written:
    """How many photos a file tells of now, how many of those that this time came to could be read, and why not."""

    photos: int = 0
    read: int = 0
    unread: int = 0
    first_reason: str = ""


def write_predictions(
    model: Run | Path,
    photos: Photos,
    file: Path,
    top: int = 3,
    resume: bool = False,
    asked: Asked = Asked(),
) -> Written:
    """Write a row for each photo as soon as it is known.

    Until the last one is written, a hidden file beside it (`unfinished_file`) notes by which model. What interrupts the
    work leaves both, and what was predicted so far.

    Args:
        model: as in `load_predictor`.
        photos: as `find_photos` finds them.
        file: as in `RowFile`.
        top: how many classes a row names; all of them where there are fewer.
        resume: go on with an interrupted file; begin where there is none.
        asked: of a calibrated run.

    Raises:
        KfoodError: as `load_predictor`; the file cannot be written; it is unfinished and not resumed; or it is to be
            resumed, but finished, or of another model, `top` or `asked`, or of other photos.
    """
    predictor = load_predictor(model, photos.total, asked)
    top = min(top, len(predictor.classes))
    more = more_columns(predictor)
    columns, note = column_names(top, more), unfinished_file(require_kind(file))
    settings: dict[str, object] = {"model": identity(model), "top": top, **asked.noted()}
    goes_on = resume and (note.is_file() or file.exists())
    if goes_on:
        _require_same(note, file, settings, predictor.name)
    elif note.is_file() and _holds_rows(file, columns):
        raise KfoodError(f"{file} is unfinished: --resume goes on with it; remove {note} to write it anew.")
    written = Written()
    left = iter(photos)
    if goes_on:
        left = _after(left, paths_in(rows_file(file), columns), written, file)
        log.info("%d photos are in %s already.", written.photos, file)
    total = None if photos.total is None else photos.total - written.photos
    try:
        with made_folder(file.parent):
            write_json(note, settings)
            with RowFile(file, columns, add=goes_on) as rows:
                for row in track(predicted_rows(predictor, left, top), total, "predicting"):
                    rows.write(row.cells(top, len(more)))
                    written.photos += 1
                    written.unread += bool(row.error)
                    written.read += not row.error
                    written.first_reason = written.first_reason or row.error
    except KeyboardInterrupt:
        log.info("Stopped: %d photos are in %s. The same command with --resume goes on.", written.photos, file)
        raise
    note.unlink(missing_ok=True)
    if rows_file(file) != file:
        rows_file(file).unlink(missing_ok=True)
    return written


def unfinished_file(file: Path) -> Path:
    """Return what lies beside a file of predictions until its last row is written."""
    return file.with_name(f".{file.name}.unfinished")


def _holds_rows(file: Path, columns: list[str]) -> bool:
    try:
        return next(paths_in(rows_file(file), columns), None) is not None
    except KfoodError:  # of another kind than these would be
        return True


def _require_same(note: Path, file: Path, settings: dict[str, object], name: str) -> None:
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise KfoodError(f"{file} is finished, or not of kfood predict: there is nothing to go on with.") from None
    if noted.get("model") != settings["model"]:
        raise KfoodError(f"{file} was begun by another model than {name}: name that one, or another file.")
    for name in ("top", "coverage", "refuse"):
        if (before := noted.get(name)) != settings.get(name):
            with_it = f"with --{name} {before}" if before is not None else f"without --{name}"
            raise KfoodError(f"{file} was begun {with_it}: say so, or name another file.")


def _after(photos: Iterator[Named | None], done: Iterator[str], written: Written, file: Path) -> Iterator[Named | None]:
    """Return the photos that come after those that are in the file, which must be the first ones."""
    named = (photo for photo in photos if photo is not None)
    for path in done:
        photo = next(named, None)
        if photo is None or photo.path != path:
            there = f"it is {photo.path}" if photo else "there are fewer"
            raise KfoodError(
                f"{file} was begun with other photos: the {written.photos + 1}. is {path} there, but now {there}."
            )
        written.photos += 1
    return chain(photos)
