"""`kfood data doubts [PATH]`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kfood.cli import options

if TYPE_CHECKING:
    from kfood.doubts.search import PairDoubts

_WORST = 10


def doubts(
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
    out: Annotated[Path, typer.Option("--out", help="The folder for what is written.")] = Path("doubts"),
    settings: options.Settings = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Find labels that may be wrong, by models that have not seen the photo.

    Writes doubts.csv, with every photo, and fixes.csv, a proposal that a person goes through before it is followed.
    """
    from kfood import logs
    from kfood.cli.render import print_table
    from kfood.files import write_csv
    from kfood.recipes.load import load_recipe
    from kfood.run import find_run

    with logs.shown():
        from kfood.doubts.labels import proposed_relabels
        from kfood.doubts.search import find_doubts

        chosen = find_run(run, runs) if run else None
        data = load_recipe(str(chosen.recipe_file) if chosen else "mission1", settings or [], path).data
        found = find_doubts(data, pair, chosen)
        out.mkdir(parents=True, exist_ok=True)
        write_csv(out / "doubts.csv", found.photos)
        write_csv(out / "fixes.csv", proposed_relabels(found.photos))
    accused = int(found.photos["accused"].sum())
    shown = found.photos.head(n)[["doubt", "label", "proposed", "probability", "split", "path"]]
    shown = shown.assign(path=[f"{Path(path).parent.name}/{Path(path).name}" for path in shown["path"]])
    print_table(f"The most doubtful of {len(found.photos):,} labels; {accused} are accused", shown)
    if found.pair:
        _print_pair(found.pair)
    typer.echo(f"Written: {out / 'doubts.csv'}, {out / 'fixes.csv'} (look at the photos before you follow it)")


def _print_pair(found: "PairDoubts") -> None:
    import pandas as pd

    from kfood.cli.render import print_table

    first, second = found.pair
    rows = [(f"labelled {first}", found.flips.first), (f"labelled {second}", found.flips.second)]
    rates = [(name, each.n, each.rate, each.low, each.high) for name, each in [*rows, ("both", found.flips.both)]]
    columns = ["photos", "n", "flipped labels", "low", "high"]
    print_table("Flipped labels, 95 % intervals", pd.DataFrame(rates, columns=columns))
    if found.flips.apart < 2:
        apart = f"{found.flips.apart:.1f}"
        typer.echo(f"The two dishes' scores lie only {apart} widths apart: of these rates, trust the upper ends alone.")
    print_table("Error on the pair that these labels leave to any model, 95 % intervals", found.floors)
