"""`kfood data check | drift | duplicates | label-issues | unpack`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import drift, duplicates, label_issues, options

_SHOWN = 30  # rows of what is left out
app = typer.Typer(help="Unpack photos, look at them before training, and compare new ones.", no_args_is_help=True)
app.command("drift")(drift.drift)
app.command("duplicates")(duplicates.duplicates)
app.command("label-issues")(label_issues.label_issues)


@app.command("check")
def check(
    path: Annotated[str, typer.Argument(help="A folder or CSV with photos, or demo.")],
    settings: options.Settings = None,
) -> None:
    """Open every photo; show what cannot be read, what is converted, and counts by class and split.

    Data settings count as in a recipe, as --set data.subset=kfood_health.
    """
    from kfood.cli.render import print_table
    from kfood.data.survey import survey
    from kfood.recipes.load import load_recipe
    from kfood.system import logs

    with logs.shown():
        found = survey(load_recipe("mission1", settings or [], path).data)
    print_table("Photos by class and split", found.counts)
    print_table("Photos by format and mode", found.kinds)
    if len(found.odd):
        print_table("Converted on opening", found.odd)
    if len(found.faults):
        print_table("Left out", found.faults)
    if len(found.left_out):
        rest = found.left_out["files"].sum()
        print_table(f"{rest:,} other files below the folder are not read", found.left_out.head(_SHOWN))
        if len(found.left_out) > _SHOWN:
            typer.echo(f"… and {len(found.left_out) - _SHOWN} more places.")
    typer.echo(found.verdict)


@app.command("unpack")
def unpack(
    archive: Annotated[Path, typer.Argument(help="A zip, tar or tar.gz file.")],
    folder: Annotated[
        Path | None,
        typer.Argument(help="The new folder. Default: named like the archive, here.", show_default=False),
    ] = None,
) -> None:
    """Unpack an archive of photos into a new folder: whole or not at all, and nowhere else.

    Korean names come out right, whatever made the archive.
    """
    from shlex import quote

    from kfood.data.unpack import unpack as unpack_archive
    from kfood.system import logs
    from kfood.text import printable

    with logs.shown():
        found = unpack_archive(archive, folder)
    typer.echo(printable(f"Unpacked: {found.files} files ({found.size / 1e6:.1f} MB) into {found.folder}"))
    typer.echo(printable(f"Look at them:  kfood data check {quote(str(found.data))}"))
