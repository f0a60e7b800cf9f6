"""`kfood predict PHOTOS`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kfood.cli import options

if TYPE_CHECKING:
    from kfood.prediction.predictor import Predictor
    from kfood.prediction.sources import Photos
    from kfood.prediction.stream import Row

_SHOWN = 20


def predict(
    photos: Annotated[
        list[str],
        typer.Argument(
            help="Photos, folders with photos at any depth, zip and tar archives, lists of paths (.txt, or .csv with a "
            'column path), and "-" for paths on standard input; and a run folder, a recipe for its latest run, or an '
            "exported model. Default: the latest run.",
            metavar="PHOTOS... [RUN|MODEL]",
        ),
    ],
    top: Annotated[int, typer.Option("--top", help="How many dishes to name for each photo.", min=1)] = 3,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Write all predictions into this file, as they are known: .csv, .excel.csv (which Excel opens with "
            "Hangul), .jsonl or .parquet.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a file that was interrupted.")] = False,
    coverage: options.Coverage = None,
    refuse: options.Refuse = None,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Say what is on photos that belong to no training; by a calibrated run also what it can answer for.

    Columns of a calibrated run: answer (a dish, or its group) and its level; the set of dishes that it may be; the
    group and its probability; known_p, the share of photos of its dishes that are as strange.
    """
    from kfood.errors import KfoodError
    from kfood.prediction.load import Asked, load_predictor, named_model
    from kfood.prediction.outputs import require_kind
    from kfood.prediction.sources import find_photos
    from kfood.prediction.stream import predicted_rows
    from kfood.run.find import split_off_run
    from kfood.system import logs
    from kfood.system.disk import output_file
    from kfood.system.progress import track

    words, name = split_off_run(photos, runs)
    model = named_model(name, runs)
    asked = Asked(coverage, refuse)
    if resume and not out:
        raise KfoodError("--resume goes on with a file: name it by --out.")
    file = require_kind(output_file(out)) if out else None
    with logs.shown():
        found = find_photos(words)
        if file:
            from kfood.prediction.write import write_predictions

            written = write_predictions(model, found, file, top, resume, asked)
            typer.echo(f"Written: {file}")
            _tell_unread(found, written.photos, written.unread, written.first_reason)
            return
        predictor = load_predictor(model, _SHOWN, asked)
        known = None if found.total is None else min(_SHOWN, found.total)
        rows = list(track(predicted_rows(predictor, found.first(_SHOWN), top), known, "predicting"))
    _show(rows, found, predictor, min(top, len(predictor.classes)))
    unread = [row.error for row in rows if row.error]
    _tell_unread(found, len(rows), len(unread), unread[0] if unread else "")


def _show(rows: list[Row], found: Photos, predictor: Predictor, top: int) -> None:
    from kfood.cli.render import print_rows
    from kfood.prediction.stream import column_names, more_columns

    more = more_columns(predictor)
    names = column_names(top, more)
    table: list[dict[str, object]] = [dict(zip(names, row.cells(top, len(more)), strict=True)) for row in rows]
    for row in table:
        if found.folder:
            row["path"] = os.path.relpath(str(row["path"]), found.folder)
        if not any(each.error for each in rows):
            del row["error"]
    all_shown = found.total is not None and not found.total > len(rows) == _SHOWN
    of = f"The first {len(rows)} of {found.total or 'the'} photos" if not all_shown else f"{len(rows)} photos"
    print_rows(f"{of}, by {predictor.name}", table)
    if not all_shown:
        typer.echo("--out FILE.csv predicts all of them, and writes them.")


def _tell_unread(found: Photos, photos: int, unread: int, reason: str) -> None:
    """Say how many photos could not be read, with a reason; exit with 1 where that is all of them."""
    if unread and unread == photos:
        typer.echo(found.nothing_read(reason), err=True)
        raise typer.Exit(1)
    if unread:
        typer.echo(f"{unread} of {photos} photos could not be read: the column error says why.")
