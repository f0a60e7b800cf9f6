"""The search over combinations of a study's choices, one of each table at a time: grid, TPE, or successive halving."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalChoiceType
from optuna.trial import FrozenTrial, TrialState

from kfood.errors import KfoodError, MachineError
from kfood.recipes.schema import Recipe
from kfood.study.outcome import Outcome
from kfood.study.schema import Table
from kfood.study.session import Session
from kfood.study.settle import fewer_epochs, resolved
from kfood.study.storage import exclusive, translate_errors
from kfood.study.trainings import Terms, choices_digest, trainings_of
from kfood.study.work import obtained
from kfood.system.progress import duration
from kfood.training.stop import Stop

log = logging.getLogger(__name__)
_REDUCTION = 3  # of the combinations at a rung, the best third goes on to the next
_SMALLEST = 32  # pixels
_LISTED = 10_000  # of more combinations, chance rarely draws one twice
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)  # a trial that failed was ended by the machine: tried again
_PROBE = {"training": {"epochs": 0}, "probe": {"epochs": 10}}  # the head alone, on features computed once


class Method(str, Enum):
    """How combinations are chosen: all, by Parzen estimators (Bergstra 2011), or many cheaply and few in full."""

    grid = "grid"
    tpe = "tpe"
    halving = "halving"


@dataclass(frozen=True)
class Rung:
    """How much of a training is made: `share` of its epochs and of its width in pixels; or the head alone."""

    name: str
    share: float
    frozen: bool = False

    def of(self, recipe: Recipe) -> Recipe:
        """Return the recipe at this rung."""
        size = max(_SMALLEST, round(recipe.data.size * self.share**0.5 / 32) * 32)
        changes = {"data": {"size": min(size, recipe.data.size)}, **(_PROBE if self.frozen else {})}
        return fewer_epochs(resolved(recipe, self.name, changes), self.share)


WHOLE = Rung("whole", 1.0)


class SeededByTrial(optuna.samplers.BaseSampler):
    """A sampler whose chance depends on a seed and the trial's number: of one worker, or several, or after a stop.

    One sampler with one seed in each worker would have all of them draw the same; unseeded, nothing comes out twice.
    What TPE draws depends on what is finished by then, too.

    Args:
        make: returns the sampler of a seed.
        seed: of the study.
    """

    def __init__(self, make: Callable[[int], optuna.samplers.BaseSampler], seed: int) -> None:
        self._make, self._seed = make, seed
        self._inner = make(seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a trial with chance of its own."""
        self._inner = self._make(int(np.random.SeedSequence([self._seed, trial.number]).generate_state(1)[0]))
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return what the sampler draws together."""
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return values drawn together."""
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> CategoricalChoiceType:
        """Return one value drawn by itself."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)


def search(session: Session, method: Method, combinations: int, stop: Stop) -> pd.DataFrame:
    """Try combinations of the session's tables until so many were tried; return them, the best first.

    What was tried before, by this process or another, counts; the same command elsewhere joins in. Trainings are found
    again as those of `work` are.

    Args:
        session: its tables are the choices; `folder` holds the trainings.
        method: see `Method`. The grid tries all of them, whatever `combinations` says.
        combinations: how many are tried.
        stop: asked after each batch whether to stop.

    Returns:
        A row a combination: a column a table, `rung` (how far it came), `valid` and `test` (mean over seeds),
        `seconds` (of its trainings at all rungs), `state`.

    Raises:
        MachineError: the machine cannot go on, or the storage cannot be used.
    """
    space = {table.name: [row.name for row in table.rows] for table in session.tables}
    wanted = _count(space) if method == Method.grid else min(combinations, _count(space))
    rungs = _rungs(session.terms.base) if method == Method.halving else [WHOLE]
    with translate_errors(session.queue.url), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls heartbeats experimental
        study = _open(session, method, space)
        count = optuna.study.MaxTrialsCallback(wanted, states=_FINISHED)
        if sum(trial.state in _FINISHED for trial in study.get_trials(deepcopy=False)) < wanted:
            study.optimize(lambda trial: _try(trial, session, space, rungs, stop), callbacks=[count])
    return _table(study, list(space))


def spent(found: pd.DataFrame) -> str:
    """Return a sentence on how much time went where."""
    by_rung = found.groupby("rung")["seconds"].agg(["count", "sum"])
    parts = [f"{row['count']:.0f} ended at {rung} ({duration(row['sum'])})" for rung, row in by_rung.iterrows()]
    return f"{len(found)} combinations: {', '.join(parts)}; {duration(found['seconds'].sum())} of training in all."


def _count(space: dict[str, list[str]]) -> int:
    return prod(map(len, space.values()))


def _open(session: Session, method: Method, space: dict[str, list[str]]) -> optuna.Study:
    terms = session.terms
    about = f"{method.value} {terms.budget_name} {terms.seeds} {choices_digest(terms, session.tables)}"
    name = f"kfood {terms.study.name} search {about} {'+'.join(space)}"
    seed = terms.base.training.seed
    sampler: optuna.samplers.BaseSampler = SeededByTrial(lambda seed: optuna.samplers.RandomSampler(seed=seed), seed)
    if method == Method.grid or (method == Method.halving and _count(space) <= _LISTED):
        # in random order, none twice; the order is the same for every worker
        sampler = optuna.samplers.GridSampler(space, seed=seed)
    elif method == Method.tpe:
        # workers do not try the same at once
        sampler = SeededByTrial(lambda seed: optuna.samplers.TPESampler(constant_liar=True, seed=seed), seed)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=_REDUCTION)
    with exclusive(session.queue.url):
        return optuna.create_study(
            storage=session.queue.storage,
            study_name=name[:500],
            sampler=sampler,
            pruner=pruner if method == Method.halving else optuna.pruners.NopPruner(),
            direction="maximize",
            load_if_exists=True,
        )


def _rungs(base: Recipe) -> list[Rung]:
    """Return what is made of a combination, cheap first: the head alone only where the body has learned before."""
    learned = base.model.pretrained or base.model.start_from
    first = [Rung("frozen features", 1 / _REDUCTION, frozen=True)] if learned else [Rung("a ninth", 1 / _REDUCTION**2)]
    return [*first, Rung("a third", 1 / _REDUCTION), WHOLE]


def _try(trial: optuna.Trial, session: Session, space: dict[str, list[str]], rungs: list[Rung], stop: Stop) -> float:
    chosen = {name: trial.suggest_categorical(name, rows) for name, rows in space.items()}
    words, seconds, valid = ", ".join(f"{name} {row}" for name, row in chosen.items()), 0.0, 0.0
    for step, rung in enumerate(rungs):
        try:
            outcomes = _outcomes(rung.of(_combined(session.terms, session.tables, chosen)), session, stop)
        except MachineError:
            raise
        except KfoodError as error:
            trial.set_user_attr("why", str(error)[:1000])
            log.warning("%s cannot be trained: %s", words, error)
            raise optuna.TrialPruned from None  # it counts as tried
        valid = float(np.mean([outcome.valid.accuracy for outcome in outcomes]))
        seconds += sum(outcome.seconds for outcome in outcomes)
        trial.set_user_attr("rung", rung.name)
        trial.set_user_attr("seconds", seconds)
        trial.set_user_attr("test", float(np.mean([outcome.test.accuracy for outcome in outcomes])))
        log.info("%s, %s: validation %.4f, %s", words, rung.name, valid, duration(seconds))
        trial.report(valid, _REDUCTION**step)
        if rung != rungs[-1] and trial.should_prune():
            raise optuna.TrialPruned
    return valid


def _combined(terms: Terms, tables: list[Table], chosen: dict[str, str]) -> Recipe:
    """Return the recipe of a combination: each table's chosen row over the ones before."""
    rows = [next(row for row in table.rows if row.name == chosen[table.name]) for table in tables]
    layers = [layer for row in rows for layer in (row.change, row.settings)]
    return fewer_epochs(resolved(terms.base, "a combination", terms.budget.settings, *layers), terms.budget.epochs)


def _outcomes(recipe: Recipe, session: Session, stop: Stop) -> list[Outcome]:
    return [obtained(one, session, stop) for one in trainings_of(recipe, session.terms)]


def _table(study: optuna.Study, names: list[str]) -> pd.DataFrame:
    rows = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state not in _FINISHED:
            continue
        about = trial.user_attrs
        rows.append(
            {
                **{name: trial.params.get(name) for name in names},
                "rung": about.get("rung", "none"),
                "valid": trial.value,  # of one given up, what it had reached
                "test": about.get("test"),
                "seconds": about.get("seconds", 0.0),
                "state": "failed" if "why" in about else "tried" if trial.state == TrialState.COMPLETE else "given up",
            }
        )
    found = pd.DataFrame(rows, columns=[*names, "rung", "valid", "test", "seconds", "state"])
    order = found["state"].map({"tried": 0, "given up": 1, "failed": 2})
    return found.assign(order=order).sort_values(["order", "valid"], ascending=[True, False]).drop(columns="order")
