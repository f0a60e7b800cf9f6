"""Runs side by side: what differs in their recipes, and whether their results can be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kfood.data.copies import contents
from kfood.errors import RunError
from kfood.evaluation.predictions import PATH, groups_of, is_right, of_split
from kfood.run.folder import Run
from kfood.run.tables import results
from kfood.statistics.differences import Difference, paired_difference
from kfood.text import listed

_LEVEL = 0.05
# What makes no other recipe: another seed is another training of the same one.
_NOT_THE_RECIPE: dict[str, Any] = {
    "name": True,
    "ladder": True,
    "candidates": True,
    "portfolio": True,
    "data": {"groups"},
    "training": {"seed", "workers", "checkpoint_minutes", "calibrate"},
}


@dataclass(frozen=True)
class Comparison:
    """Differences of the recipes, results on one split, and a sentence for each run or recipe against the first."""

    differences: pd.DataFrame
    results: pd.DataFrame
    verdicts: list[str]


def compare_runs(runs: list[Run], split: str = "test") -> Comparison:
    """Compare runs with the first of them, on the photos of a split that both predicted.

    Runs of one recipe with different seeds are trainings of that recipe: where two recipes have two seeds or more in
    common, the recipes are compared, seed by seed. Otherwise two trainings are, and nothing is said of their recipes.
    All intervals hold together in 95 % of cases (C. E. Bonferroni), and a verdict is what its interval says. Photos
    are the same where their content is, wherever they lie; shots of one plate count as such.

    Raises:
        RunError: fewer than two are named.
    """
    if len(runs) < 2:
        raise RunError("A comparison needs two runs or more.")
    settings = pd.DataFrame({run.name: _flat(run.recipe.model_dump(mode="json", exclude={"name"})) for run in runs})
    differ = settings[settings.astype(str).nunique(axis=1) > 1]
    every = pd.concat([results(run).assign(run=run.name) for run in runs])
    table = every.loc[
        every["split"] == split, ["run", "accuracy", "accuracy_low", "accuracy_high", "n", "loss", "macro_f1"]
    ]
    return Comparison(differ.astype(str).reset_index(names="key"), table, _verdicts(runs, split))


def _verdicts(runs: list[Run], split: str) -> list[str]:
    first, *others = _by_recipe(runs)
    pairs = [*_of_recipes(first, others), *_of_trainings(first, others)]
    verdicts = [_verdict(ours, theirs, split, len(pairs)) for ours, theirs in pairs]
    if any(len(ours) == 1 for ours, _ in pairs):
        verdicts.append(
            "One training of each tells of these trainings, not of their recipes, which may come out the other way "
            "round with another seed: to compare recipes, train each with the same seeds (training.seed) and name all."
        )
    return verdicts


def _by_recipe(runs: list[Run]) -> list[dict[int, Run]]:
    """Return the runs of each recipe by seed, the first run's recipe first; a seed's second run counts alone."""
    found: list[tuple[object, dict[int, Run]]] = []
    for run in runs:
        recipe, seed = run.recipe.model_dump(mode="json", exclude=_NOT_THE_RECIPE), run.recipe.training.seed
        place = next((its for known, its in found if known == recipe and seed not in its), None)
        if place is None:
            found.append((recipe, {seed: run}))
        else:
            place[seed] = run
    return [its for _, its in found]


def _of_recipes(first: dict[int, Run], others: list[dict[int, Run]]) -> list[tuple[list[Run], list[Run]]]:
    common = [sorted(first.keys() & other.keys()) for other in others]
    return [
        ([first[seed] for seed in seeds], [other[seed] for seed in seeds])
        for other, seeds in zip(others, common, strict=True)
        if len(seeds) > 1
    ]


def _of_trainings(first: dict[int, Run], others: list[dict[int, Run]]) -> list[tuple[list[Run], list[Run]]]:
    """Return the first run beside each that no comparison of recipes has, of other seeds of its own recipe too."""
    alone = [run for other in others if len(first.keys() & other.keys()) < 2 for run in other.values()]
    (leader, *of_same) = first.values()
    if len(alone) == sum(map(len, others)):
        alone = [*of_same, *alone]
    return [([leader], [run]) for run in alone]


def _verdict(ours: list[Run], theirs: list[Run], split: str, comparisons: int) -> str:
    tables = [_by_content(run, split) for run in (*ours, *theirs)]
    common = tables[0].index
    for table in tables[1:]:
        common = common.intersection(table.index)
    first, second = (listed([run.name for run in its], 10) for its in (ours, theirs))
    if common.empty:
        return f"{second} and {first} have no {split} photo in common: they cannot be compared."
    right = np.stack([is_right(table.loc[common]) for table in tables])
    before, after = right[: len(ours)], right[len(ours) :]
    groups = groups_of(tables[0].loc[common]).to_numpy()
    found = paired_difference(before, after, groups, 1 - _LEVEL / comparisons)
    plates = len(set(groups))
    photos = f"{len(common)} common {split} photos" + (f" of {plates} plates" if plates < len(common) else "")
    gained, lost = (int(np.sum(one & ~other)) for one, other in ((after, before), (before, after)))
    each = "are right only in" if len(ours) == 1 else f"in {len(ours)} seeds together, are right only in"
    what = "" if len(ours) == 1 else "The recipes of "
    return (
        f"{what}{_words(found, second, first, comparisons)}: on {photos}, {gained} {each} {second} and {lost} only in "
        f"{first}; {_interval(found, comparisons)}."
    )


def _words(found: Difference, theirs: str, ours: str, comparisons: int) -> str:
    """Return what can be said of a difference: never more than its interval does."""
    if found.p >= _LEVEL / comparisons or found.low <= 0 <= found.high:
        return f"{theirs} and {ours} cannot be told apart"
    return f"{theirs} {'is' if found.seeds == 1 else 'are'} {'better' if found.mean > 0 else 'worse'} than {ours}"


def _interval(found: Difference, comparisons: int) -> str:
    together = f", of all {comparisons} comparisons together" if comparisons > 1 else ""
    interval = f"95 % interval {found.low:+.4f} to {found.high:+.4f}{together}"
    return f"difference {found.mean:+.4f} ({interval}; p = {found.p:.3g})"


def _by_content(run: Run, split: str) -> pd.DataFrame:
    """Return a run's predictions of a split by what the photo holds; by its path where that was not noted."""
    table, samples = of_split(run.predictions, split), run.samples
    known = dict(zip(samples[PATH], contents(samples), strict=True))
    content = table[PATH].map(known.get).fillna(table[PATH])
    copies = content.groupby(content).cumcount()  # the second file of one content is the second one's there
    return table.set_index(pd.MultiIndex.from_arrays([content, copies]))


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat
