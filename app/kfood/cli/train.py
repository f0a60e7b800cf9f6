"""`kfood train RECIPE`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options
from kfood.errors import KfoodError


def train(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe (kfood recipe ls) or your own .toml file.")],
    data: options.Data = None,
    settings: options.Settings = None,
    lr: Annotated[
        str | None,
        typer.Option(help='Learning rate, or "auto" to take what lr_find suggests.', show_default=False),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="How long it may take in all, for a recipe with a ladder such as best.", min=0.1, show_default=False
        ),
    ] = None,
    runs: options.Runs = options.RUNS,
    folder: Annotated[
        Path | None, typer.Option("--run", help="This run's own folder; it must be new.", show_default=False)
    ] = None,
) -> None:
    """Train a recipe. What it starts from is trained first where that has not been done."""
    from kfood import logs
    from kfood.recipes.load import load_recipe

    given = [*(settings or []), *([f"optimizer.lr={_number(lr)}"] if lr not in (None, "auto") else [])]
    resolved = load_recipe(recipe, given, data)
    with logs.shown():
        from kfood.training.train import train as train_recipe

        run = train_recipe(resolved, runs, folder, find_lr=lr == "auto", minutes=minutes)
    typer.echo(f"Look at it:  kfood interpret {run.folder}")


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise KfoodError(f'--lr "{text}" is neither a number nor "auto".') from None
