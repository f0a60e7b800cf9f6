"""A training among others is found, goes on, or begins; what another process works on is left alone."""

import pytest

from kfood.errors import MachineError
from kfood.recipes.schema import Recipe
from kfood.run.folder import DONE, INTERRUPTED, Run, create_run
from kfood.training import ensure
from kfood.training.ensure import ensure_trained


def never() -> Run:
    pytest.fail("begun anew")


def test_a_finished_run_is_taken_and_a_stopped_one_goes_on(tmp_path, monkeypatch):
    run = create_run(Recipe(name="a"), {}, tmp_path / "a")
    monkeypatch.setattr(ensure, "resume", lambda run, stop: ("resumed", run.folder))
    run.status_file.write_text(INTERRUPTED)
    assert ensure_trained(run.folder, never) == ("resumed", run.folder)
    run.status_file.write_text(DONE)
    assert ensure_trained(run.folder, never).folder == run.folder


def test_where_there_is_none_it_begins_in_an_empty_place(tmp_path):
    (tmp_path / "a" / "figures").mkdir(parents=True)  # of a process that was killed before there was a recipe
    begun = Run(tmp_path / "a")

    def begin() -> Run:
        assert not begun.folder.exists()
        return begun

    assert ensure_trained(tmp_path / "a", begin) is begun


def test_one_that_another_process_trains_is_left_alone(tmp_path):
    run = create_run(Recipe(name="a"), {}, tmp_path / "a")
    with run.recording():  # before its first checkpoint
        before = sorted(run.folder.rglob("*"))
        with pytest.raises(MachineError, match="a is being trained by another process"):
            ensure_trained(run.folder, never)
        assert sorted(run.folder.rglob("*")) == before
