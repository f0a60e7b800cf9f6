"""Studies worked on: to the end, found again, killed, by several workers, the greedy way."""

import random
import shutil

import pytest

from kfood.errors import KfoodError, MachineError
from kfood.run.folder import Run
from kfood.study.session import open_session
from kfood.study.work import work
from kfood.training.stop import Stop
from support.killed import Work

pytestmark = pytest.mark.slow


def runs_of(session):
    return sorted(folder.name for folder in session.folder.iterdir() if (folder / "recipe.toml").exists())


def times(session):
    return {key: (session.folder / key / "predictions.csv").stat().st_mtime_ns for key in runs_of(session)}


def work_at(*arguments) -> None:
    work(open_session(*arguments), Stop())


def test_every_row_is_trained_once_and_found_again(session, caplog):
    now = work(session, Stop())
    first, second = now.tables
    assert not now.open
    assert [row.row.name for row in first.rows] == ["8", "16", "4000"]
    # The second table starts from the report's choice, 16: its first row is that very training.
    assert [one.key for one in second.rows[0].trainings] == [one.key for one in first.rows[1].trainings]
    assert len(now.outcomes) == 6 and len(runs_of(session)) == 6
    assert {len(now.outcomes[one.key].test.right) for one in first.rows[0].trainings} == {8}
    assert [one.recipe.training.seed for one in first.rows[0].trainings] == [0, 1]
    before = times(session)
    work(session, Stop())
    assert times(session) == before


def test_a_failed_row_says_why_and_the_rest_goes_on(session):
    now = work(session, Stop())
    failed = [now.failed[one.key] for one in now.tables[0].rows[2].trainings]
    assert len(failed) == 2 and "training.batch_size is 4000" in failed[0]
    session.queue.retry(now.failed)
    assert len(session.progress().open) == 2
    assert work(session, Stop()).failed == now.failed


def test_a_changed_row_alone_is_trained_anew(session, study_file, arguments):
    work(session, Stop())
    before = times(session)
    study_file.write_text(study_file.read_text("utf-8").replace("label_smoothing = 0.1", "label_smoothing = 0.2"))
    again = open_session(*arguments())
    assert len(again.progress().open) == 2
    work(again, Stop())
    after = times(again)
    assert {key: after[key] for key in before} == before and len(after) == len(before) + 2


def test_runs_outlive_their_storage(session, arguments):
    outcomes = work(session, Stop()).outcomes
    before = times(session)
    (session.folder / "study.db").unlink()
    again = work(open_session(*arguments()), Stop())
    assert times(session) == before
    assert {key: one.to_json() for key, one in again.outcomes.items()} == {
        key: one.to_json() for key, one in outcomes.items()
    }


def test_the_greedy_way_goes_on_from_our_own_winner(arguments):
    session = open_session(*arguments(greedy=True))
    assert len(session.progress().tables) == 1  # the second waits for the first
    now = work(session, Stop())
    first, second = now.tables
    mean = {row.row.name: sum(now.outcomes[one.key].valid.accuracy for one in row.trainings) for row in first.rows[:2]}
    best = max(mean, key=mean.get)  # the first of equals
    assert second.carried == {"training": {"batch_size": int(best)}}


def test_two_workers_killed_on_the_way_lose_and_repeat_nothing(arguments, tmp_path):
    given = arguments()
    job = Work(work_at, given, tmp_path / "cache", tmp_path / "said.txt")
    rng = random.Random(0)
    session = open_session(*given)
    seen = {}
    for _ in range(2):
        other = job.start()
        job.kill_once(rng, 3.0)
        other.kill()
        other.join()
        finished = {key: when for key, when in times_of_finished(session).items()}
        assert all(finished[key] == when for key, when in seen.items())
        seen = finished
    other = job.start()
    job.finish()
    other.join()
    assert other.exitcode == 0
    now = session.progress()
    assert not now.open and len(now.outcomes) == 6
    finished = times_of_finished(session)
    assert all(finished[key] == when for key, when in seen.items())
    # Each training is done by one worker alone: its log tells of one training from beginning to end.
    for key in now.outcomes:
        assert Run(session.folder / key).status == "done"


def times_of_finished(session):
    keys = (key for key in runs_of(session) if Run(session.folder / key).status == "done")
    return {key: (session.folder / key / "predictions.csv").stat().st_mtime_ns for key in keys}


def test_a_full_disk_ends_the_study_and_what_was_done_stays(session, monkeypatch):
    taken = []

    def room(folder, needed, what):
        taken.append(folder)
        if len(taken) > 2:
            raise MachineError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("kfood.training.train.require_room", room)
        with pytest.raises(MachineError, match="the disk is full"):
            work(session, Stop())
    now = session.progress()
    assert len(now.outcomes) == 2 and not now.failed
    assert len(work(session, Stop()).outcomes) == 6


def test_what_a_killed_process_began_is_begun_anew(session):
    key = session.progress().open[0]
    (session.folder / key / "checkpoint").mkdir(parents=True)
    (session.folder / key / "environment.json").write_text("{}")
    assert key in work(session, Stop()).outcomes


def test_photos_that_are_not_there_are_told_before_anything_is_made(arguments, tmp_path):
    with pytest.raises(KfoodError, match="nowhere"):
        open_session(*arguments(data=tmp_path / "nowhere"))
    assert not (tmp_path / "runs").exists()


def test_lost_runs_are_no_lost_results(session):
    now = work(session, Stop())
    shutil.rmtree(session.folder / next(iter(now.outcomes)))
    assert not session.progress().open  # what is needed of them is in the storage
