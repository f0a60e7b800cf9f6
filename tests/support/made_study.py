"""A study's table with outcomes made by hand: nothing is trained, no photo is read, and every number is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kfood.recipes.load import load_recipe
from kfood.study.outcome import Judged, Outcome
from kfood.study.plan import PlannedRow, PlannedTable
from kfood.study.schema import Budget, Study
from kfood.study.session import Progress
from kfood.study.tables import TableResult, table_results
from kfood.study.trainings import PlannedTraining, Terms

N = 400  # photos of validation, and of test


@dataclass
class MadeStudy:
    """A study of one table, as far as it is."""

    terms: Terms
    planned: PlannedTable
    outcomes: dict[str, Outcome]
    failed: dict[str, str]

    def result(self) -> TableResult:
        return table_results(self.planned, self.outcomes, self.failed, self.terms)

    def progress(self) -> Progress:
        return Progress([self.planned], self.planned.trainings(), {}, self.outcomes, self.failed)


def made_outcome(share: float, seed: int, photos: str = "same", macro_f1: float | None = 0.5) -> Outcome:
    """An outcome with this share of the photos right; which ones depends on the seed."""
    rng = np.random.default_rng(seed)

    def judged(photos: str) -> Judged:
        return Judged(share, 1.0 + seed, macro_f1, rng.permutation(N) < share * N, np.arange(N), photos)

    return Outcome(f"runs/{seed}", "here", 60.0, 4, 3, share - 0.01, judged("same"), judged(photos))


def made_study(
    shares: Mapping[str, list[float]],
    *,
    title: str = "A table",
    section: str = "2.1",
    report: Mapping[str, dict[str, object]] | None = None,
    reported: bool = True,
    about: str = "full: as in the report",
    budget_name: str = "full",
    data: str = "photos",
    failed: Mapping[str, str] | None = None,
    seeds: int = 2,
) -> MadeStudy:
    """A study of one table.

    Args:
        shares: for each row the accuracies of its finished trainings.
        title, section: of the table.
        report: what the report says, by row.
        reported: whether the study says what the report was measured on: 42 classes, as many photos as here.
        about, budget_name: of the budget.
        data: as for `load_recipe`.
        failed: why rows failed, by row.
        seeds: trainings wanted a row.
    """
    rows = [{"name": name, "report": (report or {}).get(name, {})} for name in shares]
    budget = {"about": about, "seeds": seeds}
    content = {"recipe": "mission1", "budgets": {budget_name: budget}}
    content["tables"] = [{"name": "table", "title": title, "section": section, "rows": rows}]
    if reported:
        content["reported"] = {"classes": 42, "valid": N, "test": N, "margin": 0.1}
    study = Study.model_validate(content)
    recipe = load_recipe("mission1", data=data)
    terms = Terms(study, recipe, budget_name, Budget(**budget), seeds, data)
    planned, outcomes, reasons = [], {}, {}
    for number, row in enumerate(study.tables[0].rows):
        trainings = tuple(PlannedTraining(f"{number}-{seed}", recipe) for seed in range(seeds))
        planned.append(PlannedRow(row, trainings))
        found = {
            f"{number}-{seed}": made_outcome(share, 10 * number + seed) for seed, share in enumerate(shares[row.name])
        }
        outcomes |= found
        if row.name in (failed or {}):
            reasons |= {one.key: failed[row.name] for one in trainings if one.key not in found}
    return MadeStudy(terms, PlannedTable(study.tables[0], {}, tuple(planned)), outcomes, reasons)
