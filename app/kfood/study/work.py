"""A worker: takes one training after the other until the study's tables are done."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from kfood.errors import KfoodError, MachineError, Stopped
from kfood.run.folder import Run
from kfood.study.job_queue import FAILED, Claim
from kfood.study.outcome import Outcome, outcome_from_json, outcome_of
from kfood.study.session import Progress, Session
from kfood.study.trainings import PlannedTraining, in_place
from kfood.system.progress import duration
from kfood.training.ensure import ensure_trained
from kfood.training.stop import Stop
from kfood.training.train import train

log = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 1.0


def work(session: Session, stop: Stop) -> Progress:
    """Train what is to be trained and what nobody else works on, until all is done; return how the study stands.

    Args:
        session: what is asked for. What is in its folder already is not trained again.
        stop: asked after each batch whether to stop.

    Raises:
        MachineError: the machine cannot go on, such as with a full disk; the training is given back.
        Stopped: it was asked to; the training is given back, and goes on from its checkpoint next time.
    """
    waiting = False
    while True:
        now = session.progress()
        if not now.open:
            return now
        ready = [key for key in now.open if not (start := now.trainings[key].start) or start.key in now.outcomes]
        claim = session.queue.claim(ready)
        if claim:
            waiting = False
            _train_claimed(claim, now, session.folder, stop)
            continue
        if not waiting:
            log.info("Waiting for what other workers train: %s", ", ".join(_others(now)) or "their next step")
            waiting = True
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _train_claimed(claim: Claim, now: Progress, folder: Path, stop: Stop) -> None:
    done, name = len(now.outcomes.keys() & now.trainings.keys()), row_names(now)[claim.key]
    log.info("%d of %d: %s …", done + 1, len(now.trainings), name)
    outcome = _come_to(claim, now.trainings[claim.key], folder, stop)
    if isinstance(outcome, str):
        log.warning("%s failed: %s", name, outcome)
        return
    log.info(
        "%s: validation %.4f, test %.4f, %s%s",
        name,
        outcome.valid.accuracy,
        outcome.test.accuracy,
        duration(outcome.seconds),
        _time_left(now, outcome),
    )


def _come_to(claim: Claim, training: PlannedTraining, folder: Path, stop: Stop) -> Outcome | str:
    """Train what was claimed and tell the queue; return what it came to, or why it failed."""
    with claim:
        try:
            outcome = outcome_of(ensure_run(training, folder, stop))
        except (MachineError, Stopped):
            claim.give_back()
            raise
        except Exception as error:  # whatever ends one row: its run's log.txt has it all, and the others go on
            reason = str(error) if isinstance(error, KfoodError) else f"{type(error).__name__}: {error}"
            claim.failed(reason)
            return reason
        claim.done(outcome.to_json())
        return outcome


def obtained(training: PlannedTraining, session: Session, stop: Stop) -> Outcome:
    """Return what a training came to: as the queue knows it, trained here, or waited for while another worker is at it.

    What it starts from comes first, in the same way.

    Raises:
        MachineError, Stopped: as `work`.
        KfoodError: it cannot be trained, or could not be.
    """
    waiting = False
    while True:
        state = session.queue.states().get(training.key)
        if state and state.outcome:
            return outcome_from_json(state.outcome)
        if state and state.state == FAILED:
            raise KfoodError(state.reason)
        if training.start:
            obtained(training.start, session, stop)
        if claim := session.queue.claim([training.key]):
            _come_to(claim, training, session.folder, stop)
            continue
        if not waiting:
            log.info("Waiting for %s, which another worker trains.", training.recipe.name)
            waiting = True
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def ensure_run(training: PlannedTraining, folder: Path, stop: Stop) -> Run:
    """Return the run of a training: found, resumed, or made, after what it starts from.

    Raises:
        KfoodError: it cannot be trained.
        Stopped: it was asked to stop.
    """
    place = folder / training.key

    def begin() -> Run:
        start = ensure_run(training.start, folder, stop) if training.start else None
        return train(in_place(training, start), folder, place, stop=stop)

    return ensure_trained(place, begin, stop)


def row_names(now: Progress) -> dict[str, str]:
    """Return for each training the first row that needs it, in words."""
    names = {}
    for planned in reversed(now.tables):
        for row in reversed(planned.rows):
            for seed, training in enumerate(row.trainings):
                names[training.key] = f"{planned.table.name}: {row.row.name}, seed {seed}"
    return {key: names.get(key, f"{training.recipe.name}, to start from") for key, training in now.trainings.items()}


def _others(now: Progress) -> list[str]:
    names = row_names(now)
    return [f"{names[key]} ({now.states[key].who})" for key in now.running]


def _time_left(now: Progress, latest: Outcome) -> str:
    left = len(now.open) - 1
    if not left:
        return ""
    known = [now.outcomes[key].seconds for key in now.trainings if key in now.outcomes] + [latest.seconds]
    workers = 1 + len(now.running)  # `now` is from before this one was claimed
    return f"; {left} left, about {duration(left * sum(known) / len(known) / workers)}"
