"""`kfood predict PHOTOS`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

_SHOWN = 20


def predict(
    photos: Annotated[Path, typer.Argument(help="A photo, or a folder with photos at any depth.")],
    run: Annotated[
        str | None,
        typer.Argument(
            help="A run folder, or a recipe for its latest run. Default: the latest run.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write all predictions into this CSV.", show_default=False)
    ] = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Say what is on photos that belong to no training."""
    from kfood.cli.render import print_table
    from kfood.run.find import find_run
    from kfood.system import logs
    from kfood.system.files import write_csv

    chosen = find_run(run, runs)
    with logs.shown():
        from kfood.interpretation.predict_photos import predict_photos

        table = predict_photos(chosen, photos)
    shown = table.head(_SHOWN)
    if photos.is_dir():
        shown = shown.assign(path=[str(Path(path).relative_to(photos)) for path in shown["path"]])
    print_table(f"{len(table)} photos, by {chosen.name}", shown)
    if out:
        write_csv(out, table)
        typer.echo(f"Written: {out}")
    elif len(table) > _SHOWN:
        typer.echo(f"… and {len(table) - _SHOWN} more: --out FILE.csv writes them all.")
