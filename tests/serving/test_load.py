"""Runs and exported models as services."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from kfood.errors import KfoodError
from kfood.run.cannot_tell import CannotTell
from kfood.run.folder import Run
from kfood.serving.app import build_app
from kfood.serving.load import load_service
from support.served import photo_of
from support.two_runs import A, C, unsure_copy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(two_runs, tmp_path_factory) -> Run:
    return unsure_copy(two_runs.main, tmp_path_factory.mktemp("runs"), 0.9)


@pytest.fixture(scope="module")
def model(run, tmp_path_factory):
    pytest.importorskip("onnxscript")
    from kfood.exporting.graph import export_graph

    file = tmp_path_factory.mktemp("out") / "model.onnx"
    export_graph(run, file)
    return file


def test_an_exported_model_is_served_as_its_run(run, model):
    served, exported = (load_service(str(each), run.folder.parents[1]) for each in (run.folder, model))
    assert exported.rules == served.rules == [CannotTell((A, C), 0.9, 0.9, 0.95)]
    assert exported.description() == {**served.description(), "maps": False}
    photo = run.predictions["path"].iloc[0]
    with open(photo, "rb") as file:
        content = file.read()
    answers = []
    for service in (served, exported):
        with TestClient(build_app(service)) as client:
            answers.append(client.post("/predict?top=3", content=content).json()["photos"][0])
    assert answers[0]["classes"][0]["name"] == answers[1]["classes"][0]["name"]
    with TestClient(build_app(exported)) as client:
        refused = client.post("/map?class=김밥", content=photo_of())
        assert (refused.status_code, "serve the run itself" in refused.json()["error"]) == (501, True)


def test_a_folder_serves_its_model(run, model):
    assert load_service(str(model.parent), run.folder.parents[1]).predictor.name == run.name


def test_a_changed_byte_is_told(run, model, tmp_path):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(KfoodError, match="damaged or changed"):
        load_service(str(tmp_path / "model.onnx"), run.folder.parents[1])
