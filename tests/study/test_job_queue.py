"""The queue: each training is claimed by one worker alone, and what a dead one held waits again."""

import multiprocessing
import os
import re
import signal
import sqlite3
import tempfile
import time
from pathlib import Path

import pytest
from optuna.trial import TrialState

from kfood.errors import KfoodError, MachineError
from kfood.study.job_queue import JobQueue
from kfood.study.storage import file_of, local_storage
from support import postgresql

pytestmark = pytest.mark.slow

CONTEXT = multiprocessing.get_context("forkserver")
KEYS = [f"{number:016x}" for number in range(20)]


@pytest.fixture
def url(tmp_path):
    return local_storage(tmp_path)


@pytest.fixture(scope="module")
def server_url():
    if not postgresql.programs():
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory() as folder, postgresql.server(Path(folder)) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def each_url(request):
    """A file, then a server where there is one."""
    return request.getfixturevalue("url" if request.param == "sqlite" else "server_url")


def board_at(url, name="test", **settings) -> JobQueue:
    return JobQueue(url, name, **settings)


def post_and_claim(url, claimed) -> None:
    queue = board_at(url)
    queue.enqueue(KEYS)
    while claim := queue.claim(KEYS):
        with claim:
            claimed.put(claim.key)
            assert claim.done({"by": os.getpid()})


def hold(url, held) -> None:
    with board_at(url, heartbeat=1, grace=3).claim(KEYS) as claim:
        held.put(claim.key)
        signal.pause()


def die_claiming(url, step) -> None:
    queue = board_at(url, step)
    done = getattr(queue.storage, step)

    def then_die(*arguments, **named) -> None:
        done(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(queue.storage, step, then_die)
    queue.claim(KEYS)


def kill_a_holder(url) -> str:
    held = CONTEXT.Queue()
    process = CONTEXT.Process(target=hold, args=(url, held))
    process.start()
    key = held.get(timeout=120)
    assert board_at(url).states()[key].state == "running"
    process.kill()
    process.join()
    return key


def test_a_trainings_life(each_url):
    queue = board_at(each_url, "life")
    queue.enqueue(["a", "b", "c"])
    queue.enqueue(["b", "d"])
    assert {key: state.state for key, state in queue.states().items()} == dict.fromkeys("abcd", "waiting")
    with queue.claim(["b", "a"]) as claim:
        assert claim.key == "b"
        assert queue.states()["b"].state == "running" and f"process {os.getpid()}" in queue.states()["b"].who
        long = {"right": "01" * 20_000, "name": "갈비찜"}
        assert claim.done(long)
    assert queue.states()["b"].outcome == long
    with queue.claim(["b", "a"]) as claim:
        claim.failed("no photos")
    assert (queue.states()["a"].state, queue.states()["a"].reason) == ("failed", "no photos")
    assert queue.claim(["b", "a"]) is None
    with queue.claim(["c"]) as claim:
        claim.give_back()
    queue.enqueue(["c"])
    assert queue.states()["c"].state == "waiting"
    queue.retry(["a", "b"])
    assert (queue.states()["a"].state, queue.states()["b"].state) == ("waiting", "done")


def test_queues_of_other_names_share_nothing(url):
    board_at(url).enqueue(["a"])
    assert JobQueue(url, "other").states() == {}


def test_processes_that_post_and_claim_at_once_do_each_training_once(each_url):
    url = each_url
    claimed = CONTEXT.Queue()
    processes = [CONTEXT.Process(target=post_and_claim, args=(url, claimed)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        assert process.exitcode == 0
    assert sorted(claimed.get(timeout=5) for _ in KEYS) == KEYS and claimed.empty()
    states = board_at(url).states()
    assert {states[key].state for key in KEYS} == {"done"}


def test_what_a_killed_worker_of_this_machine_held_waits_again_at_once(url):
    queue = board_at(url)
    queue.enqueue(KEYS)
    key = kill_a_holder(url)
    with queue.claim(KEYS) as claim:
        assert claim.key == key
    assert queue.states()[key].state == "running"


@pytest.mark.parametrize("step", ["record_heartbeat", "set_trial_state_values", "set_trial_user_attr"])
def test_what_a_worker_claimed_that_was_killed_while_claiming_waits_again(each_url, step):
    queue = board_at(each_url, step, heartbeat=1, grace=1)
    queue.enqueue(KEYS[:1])
    process = CONTEXT.Process(target=die_claiming, args=(each_url, step))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    if file_of(each_url) is None:  # a server: nobody knows before the grace period is over
        time.sleep(2.5)
    assert queue.claim(KEYS[:1]).key == KEYS[0]


def test_a_worker_that_was_taken_for_dead_keeps_nobody_waiting(url):
    queue = board_at(url)
    queue.enqueue(KEYS[:2])
    with queue.claim(KEYS[:1]) as asleep:
        queue.storage.set_trial_state_values(asleep._trial, TrialState.FAIL)
        with board_at(url).claim(KEYS[:2]) as other:
            assert other.key == KEYS[1]  # what the other still works on is left to it
    assert queue.claim(KEYS[:1]).key == KEYS[0]


def test_what_another_machine_held_waits_again_after_the_grace_period(url, monkeypatch):
    queue = board_at(url, heartbeat=1, grace=3)
    queue.enqueue(KEYS[:1])
    kill_a_holder(url)
    monkeypatch.setattr("kfood.study.job_queue.platform.node", lambda: "elsewhere")
    assert queue.claim(KEYS[:1]) is None
    storage = queue.storage
    monkeypatch.setattr(storage, "_get_stale_trial_ids", lambda study: [queue._that_count()[KEYS[0]]._trial_id])
    assert queue.claim(KEYS[:1]).key == KEYS[0]


def test_a_worker_that_was_believed_dead_is_told_politely(url):
    queue = board_at(url)
    queue.enqueue(["a"])
    with queue.claim(["a"]) as claim:
        queue.storage.set_trial_state_values(claim._trial, TrialState.FAIL)
        assert claim.done({"x": 1}) is False
    assert "a" not in queue.states()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "is no URL of a storage"),
        ("postgresql+nodriver://u:secret@localhost/x", "driver that is not installed"),
        ("postgresql://kfood:secret@localhost:1/x", "cannot be used"),
        ("sqlite:////proc/nowhere/study.db", "/proc/nowhere"),
    ],
)
def test_a_storage_that_cannot_be_used_is_told_without_its_password(url, words):
    with pytest.raises(KfoodError, match=re.escape(words)) as told:
        board_at(url)
    assert "secret" not in str(told.value)


def test_a_file_that_is_no_database_is_told(url, tmp_path):
    (tmp_path / "study.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(MachineError, match="not a database"):
        board_at(url)


def test_a_database_that_is_gone_is_told(url, tmp_path):
    queue = board_at(url)
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("DROP TABLE trials")
    with pytest.raises(MachineError, match="cannot be used"):
        queue.states()
