"""Runs and exported models are named alike."""

import errno
import hashlib
import shutil

import pandas as pd
import pytest

import kfood
from kfood.errors import KfoodError, MachineError
from kfood.exported.predict import DIGEST
from kfood.prediction import load
from kfood.prediction.load import identity, load_predictor

pytestmark = pytest.mark.slow


def test_from_python_an_exported_model_says_what_the_run_says(two_runs, exported):
    run, photos = two_runs.main, list(two_runs.main.predictions["path"])
    by_run, by_file, by_folder = (
        kfood.load_model(which).predict(photos, top=2) for which in (run, exported / "model.onnx", str(exported))
    )
    assert list(by_run) == ["path", "predicted", "predicted_probability", "second", "second_probability", "error"]
    pd.testing.assert_frame_equal(by_file, by_folder)
    assert (by_run["path"] == photos).all() and (by_run["error"] == "").all()
    assert (by_run["predicted_probability"] - by_file["predicted_probability"]).abs().max() < 1e-3
    sure = by_run["predicted_probability"] - by_run["second_probability"] > 1e-3
    assert (by_run["predicted"] == by_file["predicted"])[sure].all()
    model = kfood.load_model(run)
    assert model.name == run.name and model.classes == kfood.load_model(exported).classes
    pd.testing.assert_frame_equal(kfood.predict(photos[0], exported), kfood.load_model(exported).predict(photos[0]))


def test_a_run_is_found_by_its_recipes_name(two_runs):
    runs = two_runs.main.folder.parents[1]
    assert kfood.load_model("mission1", runs=runs).name == kfood.load_run("mission1", runs).name
    with pytest.raises(kfood.RunError, match='no finished run "mission9"'):
        kfood.load_model("mission9", runs=runs)


def test_a_changed_byte_or_another_file_is_told(exported, tmp_path):
    content = bytearray((exported / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(KfoodError, match=r"model\.onnx was damaged or changed since it was exported by kfood"):
        load_predictor(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"another model")
    with pytest.raises(KfoodError, match=r"model\.onnx was not exported by kfood"):
        load_predictor(tmp_path / "model.onnx")


def test_what_onnxruntime_cannot_load_is_said(tmp_path):
    """As an older one says of a newer file: its digest is right."""
    for number, content in enumerate((b"", b"\x00" * 50)):
        digest = hashlib.sha256(content).hexdigest().encode()
        (tmp_path / f"{number}.onnx").write_bytes(content + DIGEST + digest)
        with pytest.raises(KfoodError, match=rf"{number}\.onnx cannot be loaded \(.+\): use the onnxruntime that is"):
            load_predictor(tmp_path / f"{number}.onnx")


def test_a_model_that_may_not_be_read_is_said(exported, monkeypatch):
    def refused(file):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(load, "Model", refused)
    with pytest.raises(MachineError, match=r"model\.onnx cannot be opened or written: the system does not permit it"):
        load_predictor(exported)


def test_what_is_another_model_is_another_one(two_runs, exported, tmp_path):
    copied = shutil.copytree(exported, tmp_path / "copy")
    assert identity(copied) == identity(exported / "model.onnx")
    assert len({identity(each) for each in (two_runs.main, two_runs.pair, exported)}) == 3
