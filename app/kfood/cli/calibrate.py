"""`kfood calibrate [RUN]`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options


def calibrate(
    run: options.FinishedRun = None,
    coverage: Annotated[
        float, typer.Option("--coverage", help="How often a set is to contain the dish, between 0 and 1.")
    ] = 0.9,
    sets: Annotated[
        str, typer.Option("--sets", help="lac: the smallest sets; aps: larger ones where photos are hard.")
    ] = "lac",
    by_class: Annotated[bool, typer.Option("--by-class", help="The coverage is wanted in each class.")] = False,
    refuse: Annotated[
        float, typer.Option("--refuse", help="The share of photos of its dishes that may be taken for none of them.")
    ] = 0.05,
    accuracy: Annotated[
        float, typer.Option("--accuracy", help="Wanted of the dishes that are answered, and of dishes and groups.")
    ] = 0.95,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            help="A CSV of class and group, such as 찌개. Default: data.groups of the recipe, or the folders above "
            "those of the classes.",
            show_default=False,
        ),
    ] = None,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Fit what a run answers with: probabilities that hold, sets that contain the dish as often as is
    wanted, the group of dishes where no dish is sure enough, and "none of these dishes".

    Fitted on validation photos, judged on test, stored with the run, and used by kfood predict and report from then on.
    """
    from kfood.cli.render import print_table
    from kfood.run.find import find_run
    from kfood.system import logs

    chosen = find_run(run, runs)
    with logs.shown():
        from kfood.calibration.findings import judge_calibration
        from kfood.calibration.fit import Wanted, calibrate_run

        found = judge_calibration(
            chosen, calibrate_run(chosen, Wanted(coverage, sets, by_class, refuse, accuracy, groups))
        )
    for title, table in found.tables.items():
        print_table(title, table)
    for line in found.text:
        typer.echo(line)
    for figure in found.figures.values():
        typer.echo(f"Figure: {figure}")
    typer.echo(f"Stored: {chosen.calibration_file}; what it answers on test: {chosen.calibrated_file}")
