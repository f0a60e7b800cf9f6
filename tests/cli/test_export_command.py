"""`kfood export`: bad input gives one sentence and exit code 2, and leaves nothing."""

import shutil

import pytest

from kfood.exporting import folder as module
from kfood.recipes.schema import Recipe
from kfood.run.folder import create_run


def require_sentence(answer, *parts: str) -> None:
    assert answer.code == 2 and answer.err.count("\n") == 1, answer.err
    for part in ("Error: ", *parts):
        assert part in answer.err


@pytest.mark.slow
def test_a_run_is_exported_into_a_folder(kfood, here, two_runs, exported, monkeypatch):
    monkeypatch.setattr(module, "export_graph", lambda run, file: shutil.copy(exported / "model.onnx", file))
    answer = kfood("export", two_runs.main.folder, "--out", "new/out")
    assert answer.code == 0, answer.err
    assert "0 first answers differ" in answer.out
    assert "Written: new/out. Try it:  python new/out/predict.py PHOTO" in answer.out
    assert (here / "new" / "out" / "model.onnx").is_file()
    require_sentence(kfood("export", two_runs.main.folder, "--out", "new/out"), "new/out holds something already")


def test_a_run_that_is_not_finished(kfood, here):
    create_run(Recipe(name="mine"), {}, here / "half")
    require_sentence(kfood("export", "half"), "is interrupted, not done")


def test_a_run_that_is_not_there(kfood):
    require_sentence(kfood("export", "best"), "There is no finished run")
