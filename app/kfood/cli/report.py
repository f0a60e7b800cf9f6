"""`kfood report [RUN …]`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options


def report(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Run folders, names from kfood runs ls, or recipes for their latest; several are set side by side. "
            "Default: the latest run.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The file to write. Default: report.html in the run's folder; for several runs, in the current one.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str, typer.Option(help="test, or valid: the photos that chose the epoch, without a verdict.")
    ] = "test",
    photos: Annotated[
        bool, typer.Option("--photos/--no-photos", help="Whether the page holds small copies of the photos.")
    ] = True,
    runs: options.Runs = options.RUNS,
) -> None:
    """Write one HTML page on a run, or on several side by side: it needs no other file and no network."""
    from kfood.run.find import find_run
    from kfood.system import logs

    found = [find_run(name, runs) for name in names] if names else [find_run(None, runs)]
    with logs.shown():
        from kfood.reporting.runs_page import report_runs

        page = report_runs(found, out, split, photos)
    typer.echo(f"Written: {page} ({page.stat().st_size / 1e6:.1f} MB)")
