"""`kfood data label-issues [PATH]`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

_WORST = 10


def label_issues(
    path: Annotated[
        str | None,
        typer.Argument(help="A folder or CSV with photos, or demo. Default: as in training.", show_default=False),
    ] = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option("--pair", help="Two classes: how many of their labels are wrong?", show_default=False),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", help="A run whose network judges, and is judged.", show_default=False)
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Photos to show.")] = _WORST,
    out: Annotated[Path, typer.Option("--out", help="The folder for what is written.")] = Path("label-issues"),
    settings: options.Settings = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Find labels that may be wrong, by models that have not seen the photo.

    A page shows them beside what they look like, to decide there and take fixes.csv from it. proposals.csv relabels
    all label issues: follow it only to see whether that helps.
    """
    from kfood.cli.render import print_table
    from kfood.recipes.load import load_recipe
    from kfood.run.find import find_run
    from kfood.system import logs
    from kfood.text import printable

    with logs.shown():
        from kfood.label_issues.error_estimates import TITLE
        from kfood.label_issues.files import write_label_issues
        from kfood.label_issues.search import find_label_issues

        chosen = find_run(run, runs) if run else None
        data = load_recipe(str(chosen.recipe_file) if chosen else "mission1", settings or [], path).data
        found = find_label_issues(data, pair, chosen)
        files = write_label_issues(found, out)
    issues = int(found.photos["is_label_issue"].sum())
    shown = found.photos.head(n)[["label_quality", "label", "proposed", "probability", "split", "path"]]
    shown = shown.assign(path=[f"{Path(path).parent.name}/{Path(path).name}" for path in shown["path"]])
    print_table(f"The lowest quality of {len(found.photos):,} labels; {issues} are label issues", shown)
    if found.pair:
        print_table("Flipped labels, 95 % intervals", found.pair.noise_rates.table(found.pair.pair))
        if found.pair.noise_rates.caution:
            typer.echo(found.pair.noise_rates.caution)
        print_table(f"{TITLE}, 95 % intervals", found.pair.error_estimates)
    typer.echo(printable("Written: " + ", ".join(map(str, files))))
