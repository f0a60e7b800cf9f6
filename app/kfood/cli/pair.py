"""`kfood pair find | remedies | cascade | abstain`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

app = typer.Typer(help="Dishes that are taken for each other: which, and what can be done.", no_args_is_help=True)


@app.command("find")
def find(
    run: options.FinishedRun = None,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Pairs.")] = 10,
    split: Annotated[
        str, typer.Option(help="Whose photos choose the pairs: valid, or test, which then judges no more.")
    ] = "valid",
    runs: options.Runs = options.RUNS,
) -> None:
    """Rank the look-alikes of a run by validation; on test, how often each is taken for the other and what it costs."""
    from kfood.cli.render import print_table
    from kfood.pairs.find import look_alikes, pairs_verdict, readable_pairs, require_choosing_split
    from kfood.pairs.photos import judged_photos
    from kfood.run.find import find_run

    found = find_run(run, runs)
    require_choosing_split(split)
    photos = judged_photos(found, "test")
    pairs = look_alikes(judged_photos(found, split), photos, n)
    if len(pairs):
        print_table(f"Look-alikes of {found.name}, chosen by {split}, counted on test", readable_pairs(pairs))
    for line in pairs_verdict(photos, pairs, split):
        typer.echo(line)


@app.command("remedies")
def remedies(
    recipe: Annotated[str, typer.Argument(help="A recipe of all dishes: shipped, or your own .toml file.")],
    pair: Annotated[tuple[str, str], typer.Option("--pair", help="The two classes.", show_default=False)],
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each remedy.")] = 3,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this remedy. May be repeated.", show_default=False)
    ] = None,
    fixes: Annotated[
        Path | None,
        typer.Option("--fixes", help="Decisions about wrong labels, for the remedy cleaning.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="A CSV for the table.")] = Path("remedies.csv"),
    data: options.Data = None,
    settings: options.Settings = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Train what may help a pair, each with the same photos and seeds, and compare it with doing nothing.

    Class weights, MixUp, over-sampling, label smoothing, a loss for wrong labels, larger photos, cleaned labels, a
    specialist for the two. Validation chooses among them, test judges. The same command once more goes on after a
    stop, and trains nothing twice; remedies that were trained before stand in the table, whatever --only names.
    """
    from kfood.cli.render import print_table
    from kfood.recipes.load import load_recipe
    from kfood.recipes.schema import nfc
    from kfood.system import logs
    from kfood.system.disk import output_file
    from kfood.system.files import write_csv
    from kfood.system.os_errors import writing_into

    pair = (nfc(pair[0]), nfc(pair[1]))
    resolved = load_recipe(recipe, settings or [], data)
    file = output_file(out)
    with logs.shown():
        from kfood.pairs.remedies_table import conclusion, readable_remedies, remedies_table
        from kfood.pairs.trials import try_remedies
        from kfood.training.stop import stop_on_signals

        with stop_on_signals() as stop:
            found = try_remedies(resolved, pair, seeds, runs, fixes, tuple(only or ()), stop)
        table = remedies_table(found, pair)
        with writing_into(file.parent):
            write_csv(file, table)
    print_table(f"Remedies for {pair[0]} and {pair[1]}, test", readable_remedies(table))
    for line in conclusion(table, pair, seeds):
        typer.echo(line)
    typer.echo(f"Written: {out}")


@app.command("cascade")
def cascade(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run of all dishes: folder, name or recipe.")],
    pair_run: Annotated[
        str, typer.Argument(metavar="PAIR_RUN", help="The run of two of them, such as one of kfood train pair.")
    ],
    runs: options.Runs = options.RUNS,
) -> None:
    """Let a model of all dishes ask one of two where it cannot tell them apart: a new run, tested against the old."""
    from kfood.cli.render import print_table
    from kfood.run.find import find_run
    from kfood.system import logs

    main, specialist = find_run(run, runs), find_run(pair_run, runs)
    with logs.shown():
        from kfood.pairs.cascade import make_cascade

        made = make_cascade(main, specialist, runs)
    print_table("By margin, on validation", made.margins, "{:.4g}")
    typer.echo(f"Look at it:  kfood interpret {made.run.folder}")


@app.command("abstain")
def abstain(
    pair: Annotated[tuple[str, str], typer.Option("--pair", help="The two classes.", show_default=False)],
    run: options.FinishedRun = None,
    accuracy: Annotated[float, typer.Option(help="Wanted of the answers that name one of the two.")] = 0.95,
    confidence: Annotated[float, typer.Option(help="That they are at least as accurate on photos of the kind.")] = 0.95,
    runs: options.Runs = options.RUNS,
) -> None:
    """Find out when to answer "A or B, I cannot tell": chosen on validation with a guarantee, checked on test."""
    from kfood.cli.render import print_table
    from kfood.pairs.abstain import choose_abstention, figure_file, keep_abstention
    from kfood.pairs.abstain_table import abstention_verdict, areas, outcomes
    from kfood.run.find import find_run

    chosen = find_run(run, runs)
    found = choose_abstention(chosen, pair, accuracy, confidence)
    from kfood.pairs.abstain_plot import draw_abstention

    chosen.figures.mkdir(exist_ok=True)
    figure = draw_abstention(found, figure_file(chosen, found.pair))
    print_table(f"With and without {found.both}: 95 % intervals", outcomes(found), "{:.4f}")
    print_table("Risk over all coverages, test", areas(found), "{:.4f}")
    for line in abstention_verdict(found):
        typer.echo(line)
    keep_abstention(chosen, found)
    typer.echo(f"Figure: {figure}")
