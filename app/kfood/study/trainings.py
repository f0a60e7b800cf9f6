"""The trainings behind a study's rows, each known by what it trains on and how, wherever that is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from kfood.data.prepare import Photos
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe, on_the_same_terms
from kfood.recipes.of_result import of_result
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.study.schema import Budget, Changes, Row, Study, Table
from kfood.study.settle import fewer_epochs, resolved
from kfood.training.results_version import RESULTS_VERSION


@dataclass(frozen=True)
class PlannedTraining:
    """One training of a study: `start` is the one whose weights it begins with. The same key is the same training."""

    key: str
    recipe: Recipe
    start: PlannedTraining | None = None


@dataclass(frozen=True)
class Terms:
    """On what terms a study's rows are trained: its base recipe on these photos, the budget, and how many seeds."""

    study: Study
    base: Recipe
    budget_name: str
    budget: Budget
    seeds: int
    data: str | None
    photos: Photos = field(default_factory=Photos, compare=False)


def terms_of(study: Study, budget_name: str, budget: Budget, seeds: int | None, data: str | None) -> Terms:
    """Return the terms; `data` as for `load_recipe`, `seeds` None for what the budget says.

    Raises:
        KfoodError: the study's own settings, or the budget's, are wrong.
    """
    base = resolved(load_recipe(study.recipe, data=data), f"{study.name}: settings", study.settings)
    return Terms(study, base, budget_name, budget, seeds or budget.seeds, data)


def row_recipe(terms: Terms, table: Table, row: Row, carried: Changes) -> Recipe:
    """Return the recipe of a row: what earlier tables carried on, then the budget, the table, the row.

    Raises:
        KfoodError: together they say what no recipe can say.
    """
    where = f'{terms.study.name}: row "{row.name}" of the table {table.name}'
    layers = (carried, terms.budget.settings, table.settings, row.settings, row.change)
    return fewer_epochs(resolved(terms.base, where, *layers), terms.budget.epochs)


def trainings_of(recipe: Recipe, terms: Terms) -> tuple[PlannedTraining, ...]:
    """Return the trainings of a row's recipe, one a seed, all on the same split and from the same start.

    Raises:
        KfoodError: the photos cannot be trained on, or what it starts from is unknown.
    """
    start = _start_of(recipe, terms)
    return tuple(
        _training(resolved(recipe, terms.study.name, {"training": {"seed": seed}}), start, terms.photos)
        for seed in range(terms.seeds)
    )


def choices_digest(terms: Terms, tables: Iterable[Table]) -> str:
    """Return what stands for the combinations of these tables' rows: what they say, on which photos, how computed.

    Raises:
        KfoodError: the photos cannot be trained on.
    """
    rows = [(table, row) for table in tables for row in table.rows]
    said = [(table.name, row.name, table.settings, row.settings, row.change) for table, row in rows]
    base = [training.key for training in trainings_of(terms.base, terms)]
    alone = [_keys_alone(terms, table, row) for table, row in rows]  # their photos, starts, and the results' version
    return _digest([said, base, alone, terms.budget.model_dump(mode="json"), terms.base.training.seed])


def _keys_alone(terms: Terms, table: Table, row: Row) -> list[str]:
    with suppress(KfoodError):  # its combinations fail, and say why
        return [training.key for training in trainings_of(row_recipe(terms, table, row, {}), terms)]
    return []


def with_starts(trainings: Iterable[PlannedTraining]) -> dict[str, PlannedTraining]:
    """Return these trainings and all that they start from, by key; what another starts from comes before it."""
    found: dict[str, PlannedTraining] = {}
    for training in trainings:
        if training.start:
            found |= with_starts([training.start])
        found[training.key] = training
    return found


def in_place(training: PlannedTraining, start: Run | None) -> Recipe:
    """Return the recipe as it is trained here: what it starts from is a run folder of this machine."""
    source = str(start.folder.absolute()) if start else ""
    return resolved(training.recipe, training.key, {"model": {"start_from": source}})


def _start_of(recipe: Recipe, terms: Terms) -> PlannedTraining | None:
    source = recipe.model.start_from
    if not source:
        return None
    found = on_the_same_terms(load_recipe(source, data=terms.data), recipe)
    found = fewer_epochs(resolved(found, source, terms.budget.start_settings), terms.budget.epochs)
    return _training(found, _start_of(found, terms), terms.photos)


def _training(recipe: Recipe, start: PlannedTraining | None, photos: Photos) -> PlannedTraining:
    content = {
        "recipe": of_result(recipe),
        "photos": photos.fingerprint(recipe.data),
        "start": start.key if start else "",
        "results": RESULTS_VERSION,
    }
    return PlannedTraining(_digest(content), recipe, start)


def _digest(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
