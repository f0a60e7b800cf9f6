"""`kfood data drift RUN FOLDER`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

_SHOWN = 10  # classes


def drift(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, a name from kfood runs ls, or a recipe.")],
    folder: Annotated[Path, typer.Argument(help="A folder with new photos, at any depth; they need no labels.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for what is written.")] = Path("drift"),
    runs: options.Runs = options.RUNS,
) -> None:
    """Are these photos like those that the run was trained for? In what do they differ?

    They are compared with the run's validation and test photos, which it did not learn from. Photos of one plate
    count once; a page shows the most unlike.
    """
    from kfood.cli.render import print_table
    from kfood.run.find import find_run
    from kfood.system import logs
    from kfood.text import printable

    with logs.shown():
        from kfood.drift.files import write_drift
        from kfood.drift.search import find_drift
        from kfood.drift.sentences import sentences

        found = find_drift(find_run(run, runs), folder)
        files = write_drift(found, out)
    print_table("Plain facts, medians (higher: how often a new photo has more)", found.difference.facts)
    print_table("Dishes that photos are taken for, shares", found.difference.classes.head(_SHOWN))
    print_table("What the test finds with so many new photos", found.powers)
    for line in sentences(found):
        typer.echo(printable(line))
    if len(found.unreadable):
        typer.echo(f"Left out, cannot be read: {len(found.unreadable)}. kfood data check names them.")
    typer.echo(printable("Written: " + ", ".join(map(str, files))))
