"""Runs side by side: what differs in their recipes, and whether their results can be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kfood.errors import RunError
from kfood.evaluation.predictions import is_right, of_split
from kfood.run.folder import Run
from kfood.run.tables import results
from kfood.statistics.tests import mcnemar

_LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Differences of the recipes, results on test, and a sentence for each run against the first."""

    differences: pd.DataFrame
    results: pd.DataFrame
    verdicts: list[str]


def compare_runs(runs: list[Run]) -> Comparison:
    """Compare runs with the first of them on the test photos that both predicted.

    Raises:
        RunError: fewer than two are named.
    """
    if len(runs) < 2:
        raise RunError("A comparison needs two runs or more.")
    settings = pd.DataFrame({run.name: _flat(run.recipe.model_dump(mode="json", exclude={"name"})) for run in runs})
    differ = settings[settings.astype(str).nunique(axis=1) > 1]
    rows = [results(run).query("split == 'test'").drop(columns="split").assign(run=run.name) for run in runs]
    table = pd.concat(rows)[["run", "accuracy", "accuracy_low", "accuracy_high", "n", "loss", "macro_f1"]]
    return Comparison(
        differ.astype(str).reset_index(names="key"), table, [_verdict(runs[0], other) for other in runs[1:]]
    )


def _verdict(first: Run, second: Run) -> str:
    ours, theirs = (of_split(run.predictions, "test").set_index("path") for run in (first, second))
    common = ours.index.intersection(theirs.index)
    if common.empty:
        return f"{second.name} and {first.name} have no test photo in common: they cannot be compared."
    right = is_right(ours.loc[common]), is_right(theirs.loc[common])
    only_first, only_second, p = mcnemar(*right)
    counts = (
        f"on {len(common)} common test photos, {only_second} are right only in {second.name} and {only_first} only in "
        f"{first.name} (McNemar, exact: p = {p:.3g})"
    )
    if p >= _LEVEL:
        return f"{second.name} and {first.name} cannot be told apart: {counts}."
    return f"{second.name} is {'better' if only_second > only_first else 'worse'} than {first.name}: {counts}."


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat
