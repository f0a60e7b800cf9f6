"""`kfood train RECIPE`."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options
from kfood.errors import KfoodError
from kfood.system.processes import is_main_process, world_size


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(help="A shipped recipe (kfood recipe ls) or your own .toml file.", show_default=False),
    ] = None,
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
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a run that was interrupted: its folder, a recipe's latest, or the latest."
        ),
    ] = False,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--run",
            "--run-folder",  # torchrun takes --run for a short form of options of its own
            help="This run's own folder; it must be new. After torchrun, --run-folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a recipe. What it starts from is trained first where that has not been done."""
    with _together():
        if resume:
            _go_on(recipe, runs, settings or [], [data, lr, minutes, folder])
        elif recipe is None:
            raise KfoodError("Name a recipe, such as kfood train mission1; kfood recipe ls lists them.")
        else:
            _begin(recipe, data, settings or [], lr, minutes, runs, folder)


def _together() -> AbstractContextManager[None]:
    """Let torchrun's processes know each other from the start, so that what is wrong is told once."""
    if world_size() == 1:
        return nullcontext()  # for which nothing needs to be imported
    from kfood.training.distributed import process_group

    return process_group()


def _begin(
    recipe: str,
    data: str | None,
    settings: list[str],
    lr: str | None,
    minutes: float | None,
    runs: Path,
    folder: Path | None,
) -> None:
    from kfood.recipes.load import load_recipe
    from kfood.system import logs
    from kfood.training.first_look import look_first

    given = [*settings, *([f"optimizer.lr={_number(lr)}"] if lr not in (None, "auto") else [])]
    resolved = load_recipe(recipe, given, data)
    look_first(resolved)
    with logs.shown():
        from kfood.training.stop import stop_on_signals
        from kfood.training.train import train as train_recipe

        with stop_on_signals() as stop:
            run = train_recipe(resolved, runs, folder, find_lr=lr == "auto", minutes=minutes, stop=stop)
    if is_main_process():
        typer.echo(f"Look at it:  kfood interpret {run.folder}")


def _go_on(name: str | None, runs: Path, settings: list[str], others: list[object]) -> None:
    from kfood.run.find import find_unfinished
    from kfood.system import logs
    from kfood.system.collectives import broadcast_from_main

    if any(other is not None for other in others):
        raise KfoodError("A run goes on as it began: --resume takes no other option but --runs and --set.")
    run = broadcast_from_main(lambda: find_unfinished(name, runs))
    with logs.shown():
        from kfood.training.stop import stop_on_signals
        from kfood.training.train import resume

        with stop_on_signals() as stop:
            resume(run, stop, settings)
    if is_main_process():
        typer.echo(f"Look at it:  kfood interpret {run.folder}")


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise KfoodError(f'--lr "{text}" is neither a number nor "auto".') from None
