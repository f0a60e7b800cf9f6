"""`kfood doctor`."""

from typing import Annotated

import typer

from kfood.cli import options
from kfood.errors import KfoodError


def doctor(
    data: options.Data = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the proof, which trains for about a minute.")
    ] = False,
    runs: options.Runs = options.RUNS,
) -> None:
    """Look at this computer, and prove that a training that is killed here goes on exactly where it was."""
    from kfood.doctor.examine import examine

    serious = []
    for finding in examine(data, runs, quick):
        verdict = f"look here: {finding.problem}" if finding.problem else "ok"
        typer.echo(f"{finding.what:18} {finding.found} - {verdict}")
        if finding.serious:
            serious.append(f"{finding.what}: {finding.problem}")
    if serious:
        raise KfoodError("kfood will not work here as it should: " + "; ".join(serious))
