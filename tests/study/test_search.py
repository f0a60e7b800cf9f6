"""Combinations are tried by each method, cheaply first where asked, and none twice."""

import pytest

from kfood.errors import MachineError
from kfood.study.search import WHOLE, Method, Rung, search, spent
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
