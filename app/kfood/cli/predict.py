"""`kfood predict PHOTOS`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

_SHOWN = 20


def predict(
    photos: Annotated[
        list[str],
        typer.Argument(
            help="Photos, and folders with photos at any depth; and a run folder, or a recipe for its latest run. "
            "Default: the latest run.",
            metavar="PHOTOS... [RUN]",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write all predictions into this CSV.", show_default=False)
    ] = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Say what is on photos that belong to no training."""
    from kfood.cli.render import print_table
    from kfood.run.find import find_run, split_off_run
    from kfood.system import logs
    from kfood.system.disk import output_file
    from kfood.system.files import write_csv

    sources, run = split_off_run(photos, runs)
    chosen = find_run(run, runs)
    file = output_file(out) if out else None
    with logs.shown():
        from kfood.interpretation.predict_photos import predict_photos

        table = predict_photos(chosen, *sources)
    shown = table.head(_SHOWN)
    if len(sources) == 1 and sources[0].is_dir():
        shown = shown.assign(path=[str(Path(path).relative_to(sources[0])) for path in shown["path"]])
    print_table(f"{len(table)} photos, by {chosen.name}", shown)
    if file:
        write_csv(file, table)
        typer.echo(f"Written: {file}")
    elif len(table) > _SHOWN:
        typer.echo(f"… and {len(table) - _SHOWN} more: --out FILE.csv writes them all.")
