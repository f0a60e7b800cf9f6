"""Which trainings a study's tables need, as far as it is known: a table may have to wait for the winner before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from kfood.errors import KfoodError
from kfood.recipes.load import merged
from kfood.study.outcome import Outcome
from kfood.study.schema import Changes, Row, Table
from kfood.study.settle import kept_change
from kfood.study.trainings import PlannedTraining, Terms, row_recipe, trainings_of
from kfood.study.verdicts import choose_winner


class Way(str, Enum):
    """How one table leads to the next: from the report's choice, or from the best of our own rows."""

    reported = "reported"
    greedy = "greedy"


@dataclass(frozen=True)
class PlannedRow:
    """A row with its trainings, one a seed; `fault` says why it has none."""

    row: Row
    trainings: tuple[PlannedTraining, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class PlannedTable:
    """A table with what it starts from: the changes that earlier tables carried on."""

    table: Table
    carried: Changes
    rows: tuple[PlannedRow, ...]

    def trainings(self) -> dict[str, PlannedTraining]:
        """Return the trainings of its rows by key."""
        return {training.key: training for row in self.rows for training in row.trainings}


def plan_tables(
    terms: Terms, tables: list[Table], way: Way, outcomes: Mapping[str, Outcome], failed: Mapping[str, str]
) -> list[PlannedTable]:
    """Return the tables as far as they can be planned, in the study's order.

    Going the greedy way, a table is planned when every training of the tables before it is done or has failed. Tables
    that are not asked for contribute what the report kept of them.

    Args:
        terms: of the study.
        tables: those asked for.
        way: what leads from table to table.
        outcomes: of finished trainings, by key.
        failed: why trainings failed, by key.
    """
    carried: Changes = {}
    planned = []
    for table in terms.study.tables:
        if table not in tables:
            carried = merged(carried, kept_change(table))
            continue
        here = PlannedTable(table, carried, tuple(_planned_row(terms, table, row, carried) for row in table.rows))
        planned.append(here)
        if way == Way.reported:
            carried = merged(carried, kept_change(table))
        elif all(key in outcomes or key in failed for key in here.trainings()):
            best = winner(here, outcomes)
            carried = merged(carried, best.row.change if best else kept_change(table))
        else:
            break
    return planned


def winner(planned: PlannedTable, outcomes: Mapping[str, Outcome]) -> PlannedRow | None:
    """Return the row with the highest mean validation accuracy over all its seeds, the first of equals.

    None where no row is whole.
    """
    whole = [row for row in planned.rows if row.trainings and all(one.key in outcomes for one in row.trainings)]
    accuracies = [[outcomes[one.key].valid.accuracy for one in row.trainings] for row in whole]
    return whole[choose_winner(accuracies)] if whole else None


def _planned_row(terms: Terms, table: Table, row: Row, carried: Changes) -> PlannedRow:
    try:
        return PlannedRow(row, trainings_of(row_recipe(terms, table, row, carried), terms))
    except KfoodError as error:
        return PlannedRow(row, fault=str(error))
