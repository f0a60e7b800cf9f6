"""`kfood data duplicates [PATH]`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

_WORST = 10
_ROWS = {
    "conflict": "under two labels",
    "leak": "on both sides of a split",
    "data sets": "in both data sets",
    "same class": "twice in one class",
}
_COLUMNS = {"exact": "same file", "near": "copy", "scene": "shots of one scene"}


def duplicates(
    path: Annotated[
        str | None,
        typer.Argument(
            help="A folder or CSV with photos, or demo. Default: the run's photos, KFOOD_DATA, then the demo.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", help="A run: which of its test photos has it seen in training?", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The folder for what is written.")] = Path("duplicates"),
    settings: options.Settings = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Find photos that are there twice: under two labels, on both sides of a split, in both data sets.

    Copies are found that were saved again, resized, mirrored or cut a little; a page shows them side by side.
    """
    from kfood.cli.render import print_table
    from kfood.system import logs
    from kfood.text import printable

    with logs.shown():
        from kfood.duplicates.files import write_duplicates
        from kfood.duplicates.findings import brief, count
        from kfood.duplicates.search import find_duplicates
        from kfood.recipes.load import load_recipe
        from kfood.run.find import find_run

        chosen = find_run(run, runs) if run else None
        base = chosen.recipe_file if chosen else "mission1"
        data = load_recipe(str(base), settings or [], path).data
        found = find_duplicates(data, chosen)
        files = write_duplicates(found, out)
    counts = count(found.findings).rename(index=_ROWS, columns=_COLUMNS).rename_axis("pairs").reset_index()
    print_table(f"{len(found.samples):,} photos", counts)
    if len(found.findings):
        print_table("The worst", brief(found.findings.head(_WORST)))
    if found.leaks and chosen:
        print_table(f"Accuracy of {chosen.name}, with 95 % intervals", found.leaks.accuracy, "{:.4f}")
    if len(found.left_out):
        typer.echo(f"Left out, cannot be read: {len(found.left_out)}. kfood data check names them.")
    typer.echo(printable("Written: " + ", ".join(map(str, files))))
