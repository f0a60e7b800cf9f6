"""A study as it is worked on or looked at: on what terms, which tables, which way, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kfood.study.job_queue import FAILED, RUNNING, JobQueue, State
from kfood.study.load import choose_budget, choose_tables, load_study
from kfood.study.outcome import Outcome, outcome_from_json
from kfood.study.plan import PlannedTable, Way, plan_tables
from kfood.study.schema import Table
from kfood.study.storage import local_storage
from kfood.study.trainings import PlannedTraining, Terms, terms_of, with_starts

if TYPE_CHECKING:
    from kfood.study.tables import TableResult


@dataclass(frozen=True)
class Progress:
    """How far a study is: its tables as far as they are planned, and what is known of every training by key."""

    tables: list[PlannedTable]
    trainings: dict[str, PlannedTraining]
    states: Mapping[str, State]
    outcomes: dict[str, Outcome]
    failed: dict[str, str]

    @property
    def open(self) -> list[str]:
        """Keys of the trainings that are neither done nor failed."""
        return [key for key in self.trainings if key not in self.outcomes and key not in self.failed]

    @property
    def running(self) -> list[str]:
        """Keys of the trainings that some worker is busy with."""
        return [key for key in self.open if key in self.states and self.states[key].state == RUNNING]


@dataclass(frozen=True)
class Session:
    """What `kfood study` was asked for. `folder` holds the study's runs."""

    terms: Terms
    tables: list[Table]
    way: Way
    queue: JobQueue
    folder: Path

    def progress(self) -> Progress:
        """Return how far the study is, as the queue tells it."""
        states = self.queue.states()
        outcomes = {key: outcome_from_json(state.outcome) for key, state in states.items() if state.outcome}
        failed = {key: state.reason for key, state in states.items() if state.state == FAILED}
        planned = plan_tables(self.terms, self.tables, self.way, outcomes, failed)
        trainings = with_starts(training for table in planned for training in table.trainings().values())
        for key, training in trainings.items():
            if training.start and training.start.key in failed:
                failed[key] = f"what it starts from could not be trained: {failed[training.start.key]}"
        return Progress(planned, trainings, states, outcomes, failed)

    def results(self, now: Progress) -> list[TableResult]:
        """Return the tables with what was found as far as the study is."""
        from kfood.study.tables import table_results

        return [table_results(table, now.outcomes, now.failed, self.terms) for table in now.tables]


def open_session(
    name: str,
    tables: list[str],
    budget: str,
    seeds: int | None,
    data: str | None,
    greedy: bool,
    storage: str | None,
    runs: Path,
    to_train: bool = False,
) -> Session:
    """Return the session that a person asks for.

    Args:
        name: of a study, or its file.
        tables: names; all where there is none.
        budget: one of the study's.
        seeds: trainings a row; the budget's where not given.
        data: as for `load_recipe`.
        greedy: whether a table starts from our own winner instead of the report's.
        storage: URL of a database; a file in the study's folder where not given.
        runs: the folder of all runs.
        to_train: whether networks are checked as well, before the photos.

    Raises:
        KfoodError: any of it is wrong, the photos cannot be trained on, or the storage cannot be used.
    """
    study = load_study(name)
    chosen = choose_tables(study, tables)
    terms = terms_of(study, budget, choose_budget(study, budget), seeds, data)
    folder, look_ahead = runs / "studies" / study.name, None
    queue_name = f"kfood {study.name}"
    queue = JobQueue(storage, queue_name) if storage else None  # a database that is not there needs no photos
    if to_train:
        from kfood.study.check_first import check_classes_of, check_networks  # a look at a study imports no network

        check_networks(terms, chosen, folder)
        look_ahead = partial(check_classes_of, terms, chosen)
    terms.photos.fingerprint(terms.base.data, look_ahead)  # photos that are not there are no fault of a row
    queue = queue or JobQueue(local_storage(folder), queue_name)
    return Session(terms, chosen, Way.greedy if greedy else Way.reported, queue, folder)
