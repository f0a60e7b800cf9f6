"""Files that changed since they were noted are named."""

import json

import pytest

from kfood.run.checksums import Checksums


@pytest.fixture
def checksums(tmp_path):
    return Checksums(tmp_path / "checksums.json")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"accuracy": 0.81}')
    return path


def test_a_file_that_changed_is_named_until_it_is_put_back(checksums, file):
    checksums.add(file)
    checksums.verify(file)
    file.write_text('{"accuracy": 0.91}')
    with pytest.raises(ValueError, match=r"not what kfood wrote.*checksums\.json"):
        checksums.verify(file)
    file.write_text('{"accuracy": 0.81}')
    checksums.verify(file)


def test_a_file_that_was_never_noted_is_taken_as_it_is(checksums, file, tmp_path):
    checksums.verify(file)
    checksums.add(file)
    other = tmp_path / "other.csv"
    other.write_text("a")
    checksums.verify(other)


def test_a_file_may_change_after_it_was_dropped(checksums, file):
    checksums.add(file)
    checksums.drop(file)
    file.write_text("new")
    checksums.verify(file)


def test_a_later_file_leaves_the_earlier_ones_noted(checksums, file, tmp_path):
    other = tmp_path / "history.csv"
    other.write_text("epoch")
    checksums.add(file)
    checksums.add(other, tmp_path / "absent.csv")
    file.write_text("changed")
    with pytest.raises(ValueError):
        checksums.verify(file)
    checksums.verify(other)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": {}}', '{"files": {"metrics.json": "0"}, "digest": "1"}'])
def test_checksums_that_are_damaged_themselves_are_named(checksums, file, content):
    checksums.add(file)
    checksums.file.write_text(content)
    with pytest.raises(ValueError, match=r"checksums\.json.* is damaged itself"):
        checksums.verify(file)


def test_the_checksums_can_be_read_by_a_person(checksums, file):
    checksums.add(file)
    assert list(json.loads(checksums.file.read_text())["files"]) == ["metrics.json"]
