"""Runs by the words that people use for them."""

from pathlib import Path

import pytest

from kfood.errors import RunError
from kfood.run.find import split_off_run
from support.fake_run import fake_run


@pytest.fixture
def place(tmp_path, monkeypatch):
    fake_run(tmp_path / "runs" / "mission1" / "20261129-120000-abcd", tmp_path / "drawn", ["갈비찜", "김밥"])
    (tmp_path / "photos").mkdir()
    (tmp_path / "exported").mkdir()
    (tmp_path / "exported" / "model.onnx").write_bytes(b"x")
    (tmp_path / "a.jpg").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "sources", "run"),
    [
        (["photos"], ["photos"], None),
        (["photos", "mission1"], ["photos"], "mission1"),
        (["mission1", "photos"], ["photos"], "mission1"),
        (["a.jpg", "photos", "mission1"], ["a.jpg", "photos"], "mission1"),
        (["photos", "runs/mission1/20261129-120000-abcd"], ["photos"], "runs/mission1/20261129-120000-abcd"),
        (["mission1/20261129-120000-abcd", "a.jpg"], ["a.jpg"], "mission1/20261129-120000-abcd"),
        (["-"], ["-"], None),
        (["mission1", "-"], ["-"], "mission1"),
        (["a.jpg", "exported"], ["a.jpg"], "exported"),
        (["exported/model.onnx", "photos", "-"], ["photos", "-"], "exported/model.onnx"),
    ],
)
def test_photos_and_a_run_in_any_order(place, words, sources, run):
    assert split_off_run(words, Path("runs")) == ([Path(source) for source in sources], run)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["b.jpg"], "There is no photo or folder b.jpg."),
        (["photos", "mission1", "mission2"], "mission1, mission2 are no photos or folders: name at most one run"),
        (["a.jpg", "exported", "exported/model.onnx"], "exported, exported/model.onnx are no photos or folders"),
        (["mission1"], "Name photos or a folder beside the run mission1"),
    ],
)
def test_what_cannot_be_meant(place, words, sentence):
    with pytest.raises(RunError, match=sentence):
        split_off_run(words, Path("runs"))
