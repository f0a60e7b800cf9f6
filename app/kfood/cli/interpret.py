"""`kfood interpret [RUN]`."""

from typing import Annotated

import typer

from kfood.cli import options


def interpret(
    run: Annotated[
        str | None,
        typer.Argument(
            help="A run folder, a name from kfood runs ls, or a recipe. Default: the latest.", show_default=False
        ),
    ] = None,
    top_losses: Annotated[bool, typer.Option("--top-losses", help="Photos with the highest loss.")] = False,
    confusion: Annotated[bool, typer.Option("--confusion", help="Confusion matrix and confused pairs.")] = False,
    per_class: Annotated[bool, typer.Option("--per-class", help="Recall, precision and F1 by class.")] = False,
    cam: Annotated[bool, typer.Option("--cam", help="Where the network looks, best and worst classes.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="Wrong photos beside the class they were taken for.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="Photos in a gallery.")] = 9,
    split: Annotated[str, typer.Option(help="test or valid.")] = "test",
    runs: options.Runs = options.RUNS,
) -> None:
    """Explain a finished run in pictures and tables; with no option, all of them."""
    from kfood import logs
    from kfood.cli.render import print_table
    from kfood.interpret.interpret import FIGURES, interpret_run
    from kfood.run import find_run

    flags = dict(zip(FIGURES, (top_losses, confusion, per_class, cam, wrong), strict=True))
    chosen = [name for name, wanted in flags.items() if wanted] or list(FIGURES)
    with logs.shown():
        found = interpret_run(find_run(run, runs), chosen, split, n)
    for title, table in found.tables.items():
        print_table(title, table)
    for figure in found.figures:
        typer.echo(f"Figure: {figure}")
