"""An exported folder stands alone, is there whole or not at all, and only where it answers as its run."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path

import pytest

import kfood
from kfood.errors import KfoodError, RunError
from kfood.exported import predict
from kfood.exported.predict import Model
from kfood.exporting import folder as module
from kfood.exporting import graph, proof
from kfood.exporting.folder import export_run
from kfood.exporting.network import Answers
from kfood.pairs.cascade import make_cascade

pytestmark = pytest.mark.slow


def test_the_folder_holds_what_it_needs(exported, two_runs):
    assert sorted(file.name for file in exported.iterdir()) == [
        "README.md",
        "model.onnx",
        "predict.py",
        "requirements.txt",
    ]
    assert (exported / "predict.py").read_bytes() == Path(predict.__file__).read_bytes()
    needed = [line.partition("==")[0] for line in (exported / "requirements.txt").read_text().splitlines()[1:]]
    assert needed == ["onnxruntime", "pillow", "numpy"]
    text = (exported / "README.md").read_text(encoding="utf-8")
    assert two_runs.main.name in text and "갈비찜, 김밥, 돼지갈비찜" in text and "설치" in text
    assert [path.name for path in exported.parent.iterdir()] == [exported.name]


def test_what_was_compared_is_said(two_runs, tmp_path, caplog):
    with caplog.at_level("INFO", "kfood"):
        export_run(two_runs.main, tmp_path / "out")
    judged = len(two_runs.main.predictions)
    assert f"Compared on {judged} validation and test photos: 0 first answers differ" in caplog.text
    assert "Seconds a photo, from its file" in caplog.text and "model.onnx has" in caplog.text


def wrong_network(run, file, temperature: float, turned: bool) -> None:
    """Write a graph that is a little less sure, or that names the classes the other way round."""

    class Wrong(Answers):
        def forward(self, photos):
            shares = super().forward(photos)
            return shares.flip(1) if turned else shares

    network, about = graph.load_model(run.weights_file, run.model_file)
    model = graph.traced(Wrong(network, 32, 32, temperature).eval(), 32, "wrong")
    graph.save_graph(model, file, graph.metadata_of(run, about.classes))


@pytest.mark.parametrize(("temperature", "turned"), [(1.5, False), (1.0, True)], ids=["less sure", "turned"])
def test_a_file_that_answers_otherwise_is_not_handed_over(two_runs, tmp_path, monkeypatch, temperature, turned):
    monkeypatch.setattr(module, "export_graph", lambda run, file: wrong_network(run, file, temperature, turned))
    with pytest.raises(KfoodError, match=r"is not exported: model\.onnx gives (\d+) of (\d+) photos") as caught:
        export_run(two_runs.main, tmp_path / "out")
    assert ("gives 0 of" in str(caught.value)) == (not turned)
    assert ".jpg" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_is_taken(two_runs, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
    out = tmp_path / "out"
    out.mkdir()
    export_run(two_runs.main, out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with pytest.raises(RunError, match=r"out holds something already \(README\.md\): name a new folder"):
        export_run(two_runs.main, out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    (tmp_path / "file").write_text("a")
    with pytest.raises(RunError, match="is a file: name a new folder"):
        export_run(two_runs.main, tmp_path / "file")


def test_a_cascade_is_proved_as_any_run(two_runs, tmp_path):
    cascade = make_cascade(two_runs.main, two_runs.pair, tmp_path / "runs").run
    out = export_run(cascade, tmp_path / "out")
    judged = cascade.predictions
    row = judged[[name for name in judged if name.startswith("p_")]].iloc[0].astype(float)
    model = Model(out / "model.onnx")
    got = model.probabilities(model.prepare(judged["path"].iloc[0])[None])[0]
    assert got.tolist() == pytest.approx(row.tolist(), abs=5e-3)  # the run may have predicted in bfloat16


@pytest.mark.parametrize("out", ["out", "new/folder/out", "there", "."])
@pytest.mark.parametrize("error", [KeyboardInterrupt, KfoodError("refused"), OSError(errno.ENOSPC, "full")])
def test_nothing_is_left_where_it_is_stopped(two_runs, tmp_path, monkeypatch, out, error):
    def stopped(run, file):
        file.write_bytes(b"half")
        raise error

    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    monkeypatch.setattr(module, "export_graph", stopped)
    with pytest.raises((KeyboardInterrupt, KfoodError)):
        export_run(two_runs.main, tmp_path / out if out != "." else Path(out))
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_an_empty_folder_stays_the_same_one(two_runs, exported, tmp_path, monkeypatch):
    """It may be the current folder, a link to another, or one whose parent nobody may write."""
    monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there")
    for out in (Path(), tmp_path / "link"):
        export_run(two_runs.main, out)
        assert sorted(os.listdir()) == sorted(each.name for each in exported.iterdir())
        for file in Path().iterdir():
            file.unlink()


def test_two_at_once_into_one_folder(two_runs, exported, tmp_path, monkeypatch):
    """The later one is refused, and does no harm to what the earlier one has written."""

    def slower(run, file):
        monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
        export_run(run, tmp_path / "out")
        shutil.copy(exported / "model.onnx", file)

    monkeypatch.setattr(module, "export_graph", slower)
    with pytest.raises(RunError, match=r"out holds something already \(README\.md\)"):
        export_run(two_runs.main, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert Model(tmp_path / "out" / "model.onnx").name == two_runs.main.name


def test_from_python_into_the_runs_own_folder(two_runs, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
    copy = shutil.copytree(two_runs.main.folder, tmp_path / "mission1" / two_runs.main.folder.name)
    assert kfood.Run(copy).export() == copy / "export"
    assert Model(copy / "export" / "model.onnx").classes == ["갈비찜", "김밥", "돼지갈비찜"]


def test_in_8_bits_what_it_costs_is_measured_and_said(two_runs, exported, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])  # as in a process without pytest
    with caplog.at_level("INFO", "kfood"):
        logging.getLogger("kfood").addHandler(caplog.handler)
        out = export_run(two_runs.main, tmp_path / "out", "int8")
        logging.getLogger("kfood").removeHandler(caplog.handler)
    assert root.handlers == []  # or every line would come twice from then on
    model = Model(out / "model.onnx")
    assert model.metadata["precision"] == "int8" and model.name == two_runs.main.name
    assert (out / "model.onnx").stat().st_size < (exported / "model.onnx").stat().st_size
    photos = proof.judged_photos(two_runs.main)
    exact, rounded = (proof.answers_of_file(each, photos) for each in (Model(exported / "model.onnx"), model))
    assert abs(exact.probabilities - rounded.probabilities).max() > 1e-6
    assert (exact.first == rounded.first).mean() > 0.8
    for split in ("valid", "test"):
        assert f"Accuracy on {split}" in caplog.text
    assert "x as fast" in caplog.text and "first answers change" in caplog.text


def test_a_wrong_precision_gets_the_nearest(two_runs, tmp_path):
    with pytest.raises(KfoodError, match=r'"int" is not one of float32, int8\. Did you mean "int8"\?'):
        export_run(two_runs.main, tmp_path / "out", "int")
