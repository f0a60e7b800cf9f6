"""The job queue: which trainings of a study wait, who works on them, and what came out, shared by all workers.

A training is a trial of an Optuna study, known by its key. Claiming one is Optuna's own step from waiting to running,
which one process alone can make. A worker that dies stops giving signs of life, and what it worked on waits again.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, TrialState, create_trial

from kfood.study.storage import exclusive, file_of, open_storage, translate_errors
from kfood.system.locks import Lock, Timeout

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
_NAMES = {
    TrialState.COMPLETE: DONE,
    TrialState.RUNNING: RUNNING,
    TrialState.WAITING: WAITING,
    TrialState.FAIL: FAILED,
}
_RANK = list(_NAMES)  # of two trials alike, the one that is further counts
_KEY, _OUTCOME, _REASON, _WHO = "key", "outcome", "reason", "who"
_PART = 2000  # letters of an outcome in one attribute: what every database can hold


@dataclass(frozen=True)
class State:
    """How a training stands: `outcome` where it is done, `reason` where it failed, `who` works or worked on it."""

    state: str
    outcome: dict[str, Any] | None = None
    reason: str = ""
    who: str = ""


class JobQueue:
    """The trainings of one study in one storage.

    Args:
        url: of the storage, see `open_storage`.
        name: of the study; another name is another queue.
        heartbeat, grace: seconds, see `open_storage`.

    Raises:
        KfoodError: the storage cannot be used; so does every method.
    """

    def __init__(self, url: str, name: str, heartbeat: int = 10, grace: int = 60) -> None:
        self.url, self.heartbeat = url, heartbeat
        self.storage = open_storage(url, heartbeat, grace)
        with translate_errors(url), exclusive(url):
            self._study = optuna.create_study(storage=self.storage, study_name=name, load_if_exists=True)
            self._id = self.storage.get_study_id_from_name(name)

    def enqueue(self, keys: Iterable[str]) -> None:
        """Put up trainings, in this order; those that are there already, in whatever state, are left alone."""
        with translate_errors(self.url), exclusive(self.url):
            known = self._that_count()
            self._put_up(key for key in keys if key not in known)

    def retry(self, keys: Iterable[str]) -> None:
        """Let failed trainings wait again."""
        with translate_errors(self.url), exclusive(self.url):
            trials = self._that_count()
            self._put_up(key for key in keys if key in trials and trials[key].state == TrialState.FAIL)

    def states(self) -> dict[str, State]:
        """Return how each training that was put up stands, by key."""
        with translate_errors(self.url):
            return {key: _state(trial) for key, trial in self._that_count().items()}

    def claim(self, keys: Iterable[str]) -> Claim | None:
        """Take the first training among these that waits; None where none does. Those not put up yet are."""
        keys = list(keys)
        with translate_errors(self.url), exclusive(self.url):
            self._give_back_of_the_dead()
            known = self._that_count()
            self._put_up(key for key in keys if key not in known)
            trials = self._that_count()
            for key in keys:
                if trials[key].state == TrialState.WAITING and (claim := self._claimed(key, trials[key]._trial_id)):
                    return claim
        return None

    def _claimed(self, key: str, trial: int) -> Claim | None:
        """Make a waiting training this process's own; None where another was first.

        A process can be killed between any two of these steps, so what tells that it is dead comes first: the lock,
        and the sign of life without which Optuna takes nobody for dead.
        """
        file = self._lock_of(key)
        lock = Lock(file) if file else None
        with suppress(Timeout, UpdateFinishedTrialError):  # taken for dead, another works on it still, or has done it
            if lock:
                lock.acquire(timeout=0)
            self.storage.record_heartbeat(trial)
            if self.storage.set_trial_state_values(trial, TrialState.RUNNING):
                self.storage.set_trial_user_attr(trial, _WHO, f"{platform.node()}, process {os.getpid()}")
                return Claim(self, key, trial, lock)
        return None

    def _put_up(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._study.add_trial(create_trial(state=TrialState.WAITING, user_attrs={_KEY: key}))

    def _that_count(self) -> dict[str, FrozenTrial]:
        """Return the trial of each key that counts: of those not given back, a done one before a running one.

        Of trials alike the one with the lowest number counts: two processes that put up the same training at once
        agree on it, because the storage gives out numbers one after the other.
        """
        found: dict[str, FrozenTrial] = {}
        for trial in sorted(self.storage.get_all_trials(self._id, deepcopy=False), key=lambda trial: trial.number):
            key = trial.user_attrs.get(_KEY)
            if key is None or _was_given_back(trial):
                continue
            if key not in found or _RANK.index(trial.state) < _RANK.index(found[key].state):
                found[key] = trial
        return found

    def _give_back_of_the_dead(self) -> None:
        """Let wait what dead workers held: those of this machine at once, others after the grace period."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna calls heartbeats experimental
            fail_stale_trials(self._study)
        here = f"{platform.node()}, "
        for trial in self.storage.get_all_trials(self._id, deepcopy=False, states=(TrialState.RUNNING,)):
            lock = self._lock_of(trial.user_attrs.get(_KEY, ""))
            who = trial.user_attrs.get(_WHO, here)  # none noted: it died just before, as nobody else claims meanwhile
            if lock and who.startswith(here) and _is_free(lock):
                with suppress(UpdateFinishedTrialError):  # it has come to its end meanwhile
                    self.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)

    def _lock_of(self, key: str) -> Path | None:
        """Return the file that a worker holds while it trains, which the system frees when it dies; SQLite only."""
        file = file_of(self.url)
        return file.with_name(f".{file.name}-{key}.lock") if file else None


class Claim:
    """A training that this process works on. Within `with`, it gives signs of life."""

    def __init__(self, queue: JobQueue, key: str, trial: int, lock: Lock | None) -> None:
        self.queue, self.key, self._trial, self._lock = queue, key, trial, lock
        self._over = threading.Event()

    def __enter__(self) -> Claim:
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        if self._lock:
            with exclusive(self.queue.url):  # nobody else takes the file while it is removed
                self._lock.release()
                self._lock.file.unlink(missing_ok=True)

    def done(self, outcome: dict[str, Any]) -> bool:
        """Tell what came out; False where the training was given to another worker meanwhile."""
        text = json.dumps(outcome, ensure_ascii=False)
        parts = {f"{_OUTCOME}{n}": text[i : i + _PART] for n, i in enumerate(range(0, len(text), _PART))}
        return self._end(TrialState.COMPLETE, parts, [0.0])

    def failed(self, reason: str) -> bool:
        """Tell why it cannot be trained."""
        return self._end(TrialState.FAIL, {_REASON: reason})

    def give_back(self) -> bool:
        """Let it wait again."""
        return self._end(TrialState.FAIL, {})

    def _end(self, state: TrialState, attributes: dict[str, str], values: list[float] | None = None) -> bool:
        storage = self.queue.storage
        with translate_errors(self.queue.url):
            try:
                for name, value in attributes.items():
                    storage.set_trial_user_attr(self._trial, name, value)
                return storage.set_trial_state_values(self._trial, state, values)
            except UpdateFinishedTrialError:  # this process was asleep, and is believed dead
                return False

    def _live(self) -> None:
        while not self._over.wait(self.queue.heartbeat):
            with suppress(Exception):  # a database that is away for a moment: the next sign of life may reach it
                self.queue.storage.record_heartbeat(self._trial)


def _was_given_back(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and _REASON not in trial.user_attrs


def _state(trial: FrozenTrial) -> State:
    attributes, name = trial.user_attrs, _NAMES[trial.state]
    outcome = None
    if name == DONE:
        parts = sum(key.startswith(_OUTCOME) for key in attributes)
        outcome = json.loads("".join(attributes[f"{_OUTCOME}{n}"] for n in range(parts)))
    return State(name, outcome, attributes.get(_REASON, ""), attributes.get(_WHO, ""))


def _is_free(lock: Path) -> bool:
    try:
        with Lock(lock).acquire(timeout=0):
            return True
    except Timeout:
        return False
