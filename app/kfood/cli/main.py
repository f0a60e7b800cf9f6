"""The `kfood` command: gathers the commands and turns errors into one sentence and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings
from typing import Annotated

import typer

from kfood.cli import (
    calibrate,
    data,
    doctor,
    export,
    interpret,
    lrfind,
    pair,
    predict,
    recipe,
    report,
    runs,
    serve,
    study,
    train,
)
from kfood.errors import KfoodError, Stopped
from kfood.system.console import write_what_can_be_written
from kfood.system.cores import wait_asleep
from kfood.system.os_errors import cannot_use, trouble_of
from kfood.system.paths import as_on_disk

app = typer.Typer(
    name="kfood",
    help="Train, compare, explain and serve classifiers of Korean dishes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("train")(train.train)
app.command("lrfind")(lrfind.lrfind)
app.command("interpret", cls=interpret.InterpretCommand)(interpret.interpret)
app.command("calibrate")(calibrate.calibrate)
app.command("report")(report.report)
app.command("predict")(predict.predict)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.add_typer(recipe.app, name="recipe")
app.add_typer(data.app, name="data")
app.add_typer(pair.app, name="pair")
app.add_typer(runs.app, name="runs")
app.add_typer(study.app, name="study")

_BAD_INPUT = 2


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("kfood"))
        raise typer.Exit


@app.callback()
def kfood(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Train, compare, explain and serve classifiers of Korean dishes."""


def main() -> None:
    """Run the command line. Exit code 2 for what the user can put right; typer gives 130 after Ctrl-C."""
    wait_asleep()
    _leave_imports_uncollected()
    # timm's imports; nothing that a user of kfood can do anything about
    warnings.filterwarnings("ignore", message=".*torch.jit.script.*")
    write_what_can_be_written()
    try:
        _require_a_folder()
        _require_values(sys.argv[1:])
        sys.argv[1:] = map(as_on_disk, sys.argv[1:])
        app(prog_name="kfood")
    except KfoodError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(_BAD_INPUT)
    except OSError as error:  # a full disk, whatever the command was writing
        if not (error.filename and trouble_of(error)):
            raise
        print(f"Error: {cannot_use(error.filename, error)}", file=sys.stderr)
        sys.exit(_BAD_INPUT)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        print("Error: The memory is too small for this: close other programs, or take less at a time.", file=sys.stderr)
        sys.exit(_BAD_INPUT)
    except Stopped as stopped:
        sys.exit(128 + stopped.number)


def _is_out_of_memory(error: Exception) -> bool:
    if "torch" not in sys.modules:
        return isinstance(error, MemoryError)
    from kfood.system.memory import is_out_of_memory

    return is_out_of_memory(error)


def _require_a_folder() -> None:
    """Say so where the current folder was deleted: libraries end with errors that nobody understands."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise KfoodError("The folder that you are in was deleted: change to another one (cd) first.") from None


def _require_values(arguments: list[str]) -> None:
    """Refuse empty values, mostly of a shell's variable that is not set: without them, defaults would be taken."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if not argument or (argument.startswith("--") and argument.partition("=")[1:] == ("=", "")):
            option = argument.rstrip("=") or before
            of = f"{option} is empty" if option.startswith("-") else "An argument is empty"
            raise KfoodError(f"{of}: give it a value. Is a variable of the shell not set?")


def _leave_imports_uncollected() -> None:
    """Spare Python the search for garbage among what imports make: half a million objects that are all kept.

    Of the time that importing fastai took, the search took a fifth, and a quarter again at the end of the process.
    """
    gc.set_threshold(*gc.get_threshold()[:2], 100)  # how seldom all objects are looked through
    atexit.register(gc.freeze)
