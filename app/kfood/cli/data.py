"""`kfood data check`."""

from typing import Annotated

import typer

from kfood.cli import options

app = typer.Typer(help="Look at photos before training.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a subcommand, though it is the only one."""


@app.command("check")
def check(
    path: Annotated[str, typer.Argument(help="A folder or CSV with photos, or demo.")],
    settings: options.Settings = None,
) -> None:
    """Open every photo; show what cannot be read, what is converted, and counts by class and split.

    Data settings count as in a recipe, as --set data.subset=kfood_health.
    """
    from kfood import logs
    from kfood.cli.render import print_table
    from kfood.data.survey import survey
    from kfood.recipes.load import load_recipe

    with logs.shown():
        found = survey(load_recipe("mission1", settings or [], path).data)
    print_table("Photos by class and split", found.counts)
    print_table("Photos by format and mode", found.kinds)
    if len(found.odd):
        print_table("Converted on opening", found.odd)
    if len(found.faults):
        print_table("Cannot be read: these are left out", found.faults)
    typer.echo(found.verdict)
