"""Files that changed since they were noted are named."""

import json

import pytest

from kfood.run.checksums import Seals


@pytest.fixture
def seals(tmp_path):
    return Seals(tmp_path / "seals.json")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"accuracy": 0.81}')
    return path


def test_a_file_that_changed_is_named_until_it_is_put_back(seals, file):
    seals.add(file)
    seals.require_whole(file)
    file.write_text('{"accuracy": 0.91}')
    with pytest.raises(ValueError, match=r"not what kfood wrote.*seals\.json"):
        seals.require_whole(file)
    file.write_text('{"accuracy": 0.81}')
    seals.require_whole(file)


def test_a_file_that_was_never_noted_is_taken_as_it_is(seals, file, tmp_path):
    seals.require_whole(file)
    seals.add(file)
    other = tmp_path / "other.csv"
    other.write_text("a")
    seals.require_whole(other)


def test_a_file_may_change_after_it_was_dropped(seals, file):
    seals.add(file)
    seals.drop(file)
    file.write_text("new")
    seals.require_whole(file)


def test_a_later_file_leaves_the_earlier_ones_noted(seals, file, tmp_path):
    other = tmp_path / "history.csv"
    other.write_text("epoch")
    seals.add(file)
    seals.add(other, tmp_path / "absent.csv")
    file.write_text("changed")
    with pytest.raises(ValueError):
        seals.require_whole(file)
    seals.require_whole(other)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": {}}', '{"files": {"metrics.json": "0"}, "digest": "1"}'])
def test_seals_that_are_damaged_themselves_are_named(seals, file, content):
    seals.add(file)
    seals.file.write_text(content)
    with pytest.raises(ValueError, match=r"seals\.json.* is damaged itself"):
        seals.require_whole(file)


def test_the_seals_can_be_read_by_a_person(seals, file):
    seals.add(file)
    assert list(json.loads(seals.file.read_text())["files"]) == ["metrics.json"]
