"""Combinations are tried by each method, cheaply first where asked, and none twice."""

import threading
import time
from pathlib import Path

import optuna
import pytest

from kfood.errors import MachineError
from kfood.recipes.load import with_settings
from kfood.run.folder import Run
from kfood.study.job_queue import DONE, JobQueue
from kfood.study.outcome import outcome_of
from kfood.study.search import WHOLE, Method, Rung, SeededByTrial, search, spent
from kfood.study.session import open_session
from kfood.study.trainings import PlannedTraining, trainings_of
from kfood.study.work import ensure_run, obtained
from kfood.training.stop import Stop

pytestmark = pytest.mark.slow


@pytest.fixture
def few(session):
    """Two rows of each table that can be trained."""
    first, second = session.tables
    object.__setattr__(session, "tables", [first.model_copy(update={"rows": first.rows[:2]}), second])
    object.__setattr__(session.terms, "seeds", 1)
    return session


def test_the_grid_tries_each_combination_once_and_finds_them_again(few):
    found = search(few, Method.grid, 1, Stop())
    assert sorted(zip(found["batch-size"], found["loss"], strict=True)) == [
        ("16", "plain"),
        ("16", "smooth"),
        ("8", "plain"),
        ("8", "smooth"),
    ]
    assert set(found["state"]) == {"tried"} and found["valid"].is_monotonic_decreasing
    runs = {path: path.stat().st_mtime_ns for path in few.folder.glob("*/predictions.csv")}
    assert len(runs) == 4
    again = search(few, Method.grid, 1, Stop())
    assert again.equals(found)
    assert {path: path.stat().st_mtime_ns for path in few.folder.glob("*/predictions.csv")} == runs
    assert spent(found).startswith("4 combinations: 4 ended at whole")


def test_a_grid_of_other_photos_or_rows_is_tried_itself(few, arguments, make_photos, tmp_path):
    """The same command in the same folder, once on A and once on B: what was found on A is no answer for B."""
    on_a = search(few, Method.grid, 1, Stop())
    other = make_photos(tmp_path / "other photos", {"김치찌개": 30, "된장찌개": 12})
    session = open_session(*arguments(data=other))
    object.__setattr__(session, "tables", few.tables)
    object.__setattr__(session.terms, "seeds", 1)
    on_b = search(session, Method.grid, 1, Stop())
    assert len(on_b) == 4 and len(list(few.folder.glob("*/predictions.csv"))) == 8
    assert search(few, Method.grid, 1, Stop()).equals(on_a)


def test_a_start_that_another_worker_trains_is_waited_for(session):
    """Two rows share a start: the worker that joins in while it is trained takes its weights, and fails nothing."""
    recipe = with_settings(session.terms.base, ["training.batch_size=8"])
    start = trainings_of(recipe, session.terms)[0]
    other = trainings_of(with_settings(recipe, ["optimizer.lr=0.002"]), session.terms)[0]
    training = PlannedTraining("0123456789abcdef", other.recipe, start)
    queue = JobQueue(session.queue.url, "kfood mine")
    claim, begun = queue.claim([start.key]), threading.Event()

    def another_worker():
        with claim:
            begun.set()
            time.sleep(2.0)
            claim.done(outcome_of(ensure_run(start, session.folder, Stop())).to_json())

    thread = threading.Thread(target=another_worker)
    thread.start()
    begun.wait()
    outcome = obtained(training, session, Stop())
    thread.join()
    assert session.queue.states()[start.key].state == DONE
    assert Run(Path(outcome.folder)).recipe.model.start_from == str((session.folder / start.key).absolute())


def drawn_by(sampler, trials):
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: float(trial.suggest_int("x", 0, 10**6)), n_trials=trials)
    return [trial.params["x"] for trial in study.trials]


@pytest.mark.parametrize("kind", [optuna.samplers.RandomSampler, optuna.samplers.TPESampler])
def test_what_is_drawn_depends_on_the_seed_and_the_trials_number(kind):
    def sampler(seed):
        return SeededByTrial(lambda seed: kind(seed=seed), seed)

    drawn = drawn_by(sampler(0), 12)
    assert drawn_by(sampler(0), 12) == drawn and len(set(drawn)) == 12
    assert drawn_by(sampler(1), 12) != drawn


def test_halving_gives_most_up_before_they_are_trained_in_full(few):
    found = search(few, Method.halving, 6, Stop())
    assert len(found) == 4 and not found.duplicated(["batch-size", "loss"]).any()  # there are no more
    assert "tried" in set(found["state"])
    given_up = found[found["state"] == "given up"]
    assert set(given_up["rung"]) <= {"a ninth", "a third"} and given_up["test"].notna().all()


def test_a_combination_that_cannot_be_trained_counts_and_is_told(session, caplog):
    object.__setattr__(session, "tables", session.tables[:1])
    object.__setattr__(session.terms, "seeds", 1)
    found = search(session, Method.grid, 1, Stop())
    assert dict(zip(found["batch-size"], found["state"], strict=True))["4000"] == "failed"
    assert list(found["state"]).count("tried") == 2
    assert "batch-size 4000 cannot be trained" in caplog.text


def test_what_the_machine_lacks_ends_the_search_and_counts_for_nothing(few, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("kfood.training.train.require_room", no_room)
        with pytest.raises(MachineError, match="the disk is full"):
            search(few, Method.tpe, 2, Stop())
    found = search(few, Method.tpe, 2, Stop())
    assert list(found["state"]) == ["tried", "tried"]


def no_room(folder, needed, what):
    raise MachineError("the disk is full")


def test_a_rung_makes_a_share_of_a_training(session):
    recipe = session.terms.base.model_copy(
        update={
            "data": session.terms.base.data.model_copy(update={"size": 224}),
            "training": session.terms.base.training.model_copy(update={"epochs": 18}),
        }
    )
    assert WHOLE.of(recipe) == recipe
    ninth = Rung("a ninth", 1 / 9).of(recipe)
    assert (ninth.training.epochs, ninth.data.size) == (2, 64)
    frozen = Rung("frozen features", 1 / 3, frozen=True).of(recipe)
    assert (frozen.training.epochs, frozen.probe.epochs, frozen.data.size) == (0, 10, 128)
