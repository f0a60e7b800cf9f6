"""`kfood serve [RUN|MODEL]`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options


def serve(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|MODEL",
            help="A run (folder, name or recipe), or a model that kfood export wrote. Default: the latest run.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 8000,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0 lets other machines ask, phones among them.")
    ] = "127.0.0.1",
    collect: Annotated[
        Path | None,
        typer.Option(
            "--collect",
            metavar="FOLDER",
            help="Keep photos whose dish people tell, in a folder for each class, as kfood train --data reads it. "
            "The page says so.",
            show_default=False,
        ),
    ] = None,
    coverage: options.Coverage = None,
    refuse: options.Refuse = None,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Serve a page to try photos on, and answers as JSON: POST /predict, GET /model, /health and /metrics."""
    from kfood.system import logs
    from kfood.system.extras import require_extra

    require_extra("serve", "kfood serve")
    with logs.shown():
        from kfood.prediction.load import Asked
        from kfood.serving.serve import serve as serve_model

        serve_model(model, runs, host, port, collect, Asked(coverage, refuse))
