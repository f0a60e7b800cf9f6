"""A few photos by a run cost no import of torch, once its graph is kept."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from kfood.errors import KfoodError
from kfood.exporting import graph
from kfood.prediction import kept_graph as module
from kfood.prediction import load
from kfood.prediction.kept_graph import kept_graph
from kfood.prediction.load import FEW_PHOTOS, load_predictor
from kfood.prediction.run_predictor import RunPredictor
from kfood.system import extras
from support.imported import imported_by

pytestmark = pytest.mark.slow
HEAVY = {"torch", "torchvision", "timm", "fastai", "fastcore", "pandas", "matplotlib", "onnx", "onnxscript", "scipy"}


@pytest.fixture
def without_torch(monkeypatch):
    """As in a process that has not imported torch."""
    modules = {name: module for name, module in sys.modules.items() if name != "torch"}
    monkeypatch.setattr(module, "sys", SimpleNamespace(modules=modules))


def test_the_second_photo_is_answered_without_torch_and_as_the_first(two_runs, tmp_path):
    run, photo = two_runs.main, two_runs.main.predictions["path"][0]
    command = ["predict", photo, str(run.folder), "--out", str(tmp_path / "rows.csv")]
    first = subprocess.run([sys.executable, "-m", "kfood", *command], capture_output=True, text=True, check=True)
    assert f"{run.name} is made ready to answer without torch" in first.stdout
    said = (tmp_path / "rows.csv").read_text()
    (tmp_path / "rows.csv").unlink()
    assert HEAVY.isdisjoint(imported_by(command))
    assert (tmp_path / "rows.csv").read_text() == said
    predictor = RunPredictor(run)
    (wanted,) = predictor.probabilities(predictor.prepare(photo)[None])
    cells = said.splitlines()[1].split(",")
    assert cells[1] == predictor.classes[wanted.argmax()]
    assert float(cells[2]) == pytest.approx(wanted.max(), abs=1e-3)


def test_a_graph_is_made_once_and_for_one_model(two_runs, exported, without_torch, monkeypatch):
    made = []
    monkeypatch.setattr(graph, "export_graph", lambda _, file: made.append(shutil.copy(exported / "model.onnx", file)))
    run = two_runs.main
    for _ in range(2):
        found = kept_graph(run)
        assert (found.name, found.classes) == (run.name, RunPredictor(run).classes)
    assert len(made) == 1
    (kept,) = module._CACHE.folder.iterdir()
    os.truncate(kept, 1000)  # what is damaged is made again
    assert kept_graph(run) and len(made) == 2 and list(module._CACHE.folder.iterdir()) == [kept]
    assert module._key(run) != module._key(two_runs.pair)


@pytest.mark.parametrize("words", ["no graph can be made of it", "probabilities of the graph differ by up to"])
def test_what_does_not_answer_as_the_network_is_not_kept_and_not_tried_again(
    two_runs, exported, without_torch, monkeypatch, caplog, words
):
    caplog.set_level("INFO", "kfood")

    def export_graph(run, file):
        if words.startswith("no"):
            raise KfoodError(words)
        shutil.copy(exported / "model.onnx", file)

    answers = RunPredictor.probabilities
    monkeypatch.setattr(RunPredictor, "probabilities", lambda self, photos: np.roll(answers(self, photos), 1, axis=1))
    monkeypatch.setattr(graph, "export_graph", export_graph)
    assert kept_graph(two_runs.main) is None
    assert "It is predicted with torch instead: " in caplog.text and words in caplog.text
    monkeypatch.setattr(graph, "export_graph", lambda run, file: pytest.fail("tried again"))
    assert kept_graph(two_runs.main) is None
    assert [path.suffix for path in module._CACHE.folder.iterdir()] == [".unfit"]


def test_where_nothing_can_be_kept_none_is_made(two_runs, without_torch, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(graph, "export_graph", lambda run, file: pytest.fail("made for nothing"))
    assert kept_graph(two_runs.main) is None


@pytest.mark.parametrize("package", ["onnxruntime", "onnxscript"])
def test_without_the_extra_the_network_predicts(two_runs, without_torch, monkeypatch, package):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == package else object())
    assert kept_graph(two_runs.main) is None


@pytest.mark.parametrize(
    ("precision", "gpu", "photos", "by_graph"),
    [
        ("float32", False, FEW_PHOTOS + 1, True),
        ("bfloat16, predicting float32", False, None, True),
        ("float32", True, FEW_PHOTOS + 1, False),
        ("float32", True, FEW_PHOTOS, True),
        ("bfloat16", False, None, False),
        ("bfloat16", False, FEW_PHOTOS, True),
    ],
)
def test_many_photos_are_for_the_gpu_or_the_faster_format(two_runs, monkeypatch, precision, gpu, photos, by_graph):
    graph_of = SimpleNamespace(name="graph")
    monkeypatch.setattr(load, "kept_graph", lambda run: graph_of)
    monkeypatch.setattr(load, "may_have_gpu", lambda: gpu)
    monkeypatch.setattr(type(two_runs.main), "precision", precision)
    assert (load_predictor(two_runs.main, photos) is graph_of) == by_graph


def test_where_torch_is_there_already_no_graph_is_made(two_runs):
    assert isinstance(load_predictor(two_runs.main, 1), RunPredictor)
