"""`kfood runs ls | show | compare`."""

from typing import Annotated

import typer

from kfood.cli import options

app = typer.Typer(help="List, show and compare runs.", no_args_is_help=True)


@app.command("ls")
def ls(
    recipe: Annotated[str | None, typer.Argument(help="Only runs of this recipe.", show_default=False)] = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """List all runs, oldest first."""
    from kfood.cli.render import print_rows
    from kfood.run.find import all_runs
    from kfood.run.tables import run_list

    found = all_runs(runs, recipe)
    if not found:
        typer.echo(f"There are no runs{f' of {recipe}' if recipe else ''} in {runs} yet.")
        return
    print_rows(f"Runs in {runs}", run_list(found), "{:.4f}")


@app.command("show")
def show(
    run: Annotated[str | None, typer.Argument(help="Default: the latest finished run.", show_default=False)] = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Show a run: results with intervals, learning curve, recall by class."""
    from kfood.cli.render import print_table
    from kfood.run.find import find_run
    from kfood.run.tables import measures, recall_by_class

    found = find_run(run, runs)
    typer.echo(f"{found.folder}\nstarted from: {found.environment['started_from'] or 'nothing'}")
    typer.echo(f"data: {found.environment['data']}")
    print_table("Results, with 95 % intervals", measures(found), "{:.4f}")
    print_table("History", found.history, "{:.4g}")
    print_table("Recall by class, test", recall_by_class(found), "{:.4f}")


@app.command("compare")
def compare(
    names: Annotated[list[str], typer.Argument(help="Two or more runs, or recipes for their latest.")],
    runs: options.Runs = options.RUNS,
) -> None:
    """Set runs side by side: what differs in their recipes, results, and whether the difference is more than chance."""
    from kfood.cli.render import print_table
    from kfood.evaluation.compare import compare_runs
    from kfood.run.find import find_run

    comparison = compare_runs([find_run(name, runs) for name in names])
    print_table("What differs in the recipes", comparison.differences)
    print_table("Results on test", comparison.results, "{:.4f}")
    for sentence in comparison.verdicts:
        typer.echo(sentence)
