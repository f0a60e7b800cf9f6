"""`kfood export [RUN]`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options


class Precision(str, Enum):
    """Of the numbers that the exported file computes in."""

    float32 = "float32"
    int8 = "int8"


def export(
    run: options.FinishedRun = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new folder. Default: export in the run's own folder.", show_default=False),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="int8: smaller and often faster, less exact; what it costs is measured and said.")
    ] = Precision.float32,
    page: Annotated[bool, typer.Option("--page", help="With a page that predicts in the browser, by itself.")] = False,
    onnxruntime_web: Annotated[
        Path | None,
        typer.Option(
            "--onnxruntime-web",
            help="For --page: onnxruntime-web's folder or archive, as npm pack onnxruntime-web writes it. "
            "Default: npm fetches it.",
            show_default=False,
        ),
    ] = None,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Write a folder that predicts without kfood and torch, once it is proved to answer as the run does."""
    from kfood.run.find import find_run
    from kfood.system import logs

    found = find_run(run, runs)
    with logs.shown():
        from kfood.exporting.folder import export_run

        with_page = page or onnxruntime_web is not None
        folder = export_run(found, out, precision.value, with_page, onnxruntime_web)
    typer.echo(f"Written: {folder}. Try it:  python {folder / 'predict.py'} PHOTO")
    if with_page:
        typer.echo(f"The page:  python -m http.server --directory {folder}, then open http://localhost:8000")
