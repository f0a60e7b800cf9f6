"""`kfood train --resume`: which run is meant, and what cannot be resumed."""

import pytest
from filelock import FileLock

from kfood.run.find import find_unfinished
from kfood.run.folder import FAILED, INTERRUPTED, RUNNING, Run
from support.fake_run import fake_run


@pytest.fixture
def runs(tmp_path):
    """Three runs: one done, one interrupted, one failed."""
    place = tmp_path / "runs"
    for number, (recipe, status) in enumerate((("mission1", "done"), ("mission1", INTERRUPTED), ("mission2", FAILED))):
        folder = place / recipe / f"20261123-12000{number}-abcd"
        fake_run(folder, tmp_path / "photos", ["갈비찜", "김밥"]).status_file.write_text(status)
    return place


def test_a_recipes_latest_the_latest_of_all_or_a_folder(runs):
    assert find_unfinished("mission1", runs).name == "mission1/20261123-120001-abcd"
    assert find_unfinished(None, runs).name == "mission2/20261123-120002-abcd"
    folder = runs / "mission1" / "20261123-120000-abcd"
    assert find_unfinished(str(folder), runs).folder == folder
    assert find_unfinished("mission1/20261123-120001-abcd", runs).name == "mission1/20261123-120001-abcd"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mission3", "--resume"], 'There is no interrupted run of "mission3"'),
        (["mission1/20261123-120000-abcd", "--resume"], "is done: there is nothing to go on with"),
        (["mission1", "--resume", "--lr", "0.1"], "takes no other option"),
        (["mission1", "--resume", "--set", "training.epochs=9"], "not for training.epochs"),
        ([], "Name a recipe"),
    ],
)
def test_bad_input_is_one_sentence(kfood, runs, arguments, words):
    code, out, err = kfood("train", *arguments, "--runs", runs)
    assert code == 2
    assert words in err and err.count("\n") == 1
    assert "Traceback" not in out + err


def test_a_run_whose_process_died_is_interrupted_and_one_that_is_held_is_running(runs):
    run = Run(runs / "mission1" / "20261123-120001-abcd")
    run.status_file.write_text(RUNNING)
    assert run.status == INTERRUPTED
    with FileLock(run.lock_file):
        assert run.status == RUNNING
    assert run.status == INTERRUPTED


def test_two_processes_cannot_train_into_one_run(runs):
    from kfood.errors import KfoodError

    run = Run(runs / "mission1" / "20261123-120001-abcd")
    refused = pytest.raises(KfoodError, match="is being trained by another process")
    with FileLock(run.lock_file), refused, run.recording():
        pytest.fail("it was let in")
    assert run.status == INTERRUPTED
