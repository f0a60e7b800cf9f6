"""predict.py alone, as a user runs it, answers any photo as the run does; a model that was changed is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest

from kfood.exported import predict
from kfood.exported.predict import DIGEST, Model
from kfood.exporting.comparison import answers_of_run
from support.odd_photos import draw_odd_photos

HIDDEN = ("kfood", "torch", "fastai", "timm", "onnx", "pandas")


def test_it_is_short():
    assert len(Path(predict.__file__).read_text(encoding="utf-8").splitlines()) <= 150


@pytest.fixture(scope="session")
def script(exported, tmp_path_factory):
    """Return a function that runs the exported predict.py where none of what it must not need can be imported."""
    hiding = tmp_path_factory.mktemp("hiding")
    for name in HIDDEN:
        (hiding / f"{name}.py").write_text("raise AssertionError('imported')", encoding="utf-8")

    def run(*photos: object, folder: Path = exported, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(hiding), "PYTHONIOENCODING": encoding}
        command = [sys.executable, str(folder / "predict.py"), *map(str, photos)]
        return subprocess.run(command, capture_output=True, encoding=encoding, env=environment)

    return run


@pytest.mark.slow
def test_odd_files_are_answered_as_by_the_run(script, exported, two_runs, tmp_path):
    paths = draw_odd_photos(tmp_path / "odd")
    ended = script(*paths)
    assert ended.stderr == "" and ended.returncode == 0
    rows = pd.DataFrame({"path": map(str, paths), "area": "", "label": "김밥"})
    expected = answers_of_run(two_runs.main, rows).probabilities
    classes = Model(exported / "model.onnx").classes
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    assert [line[0] for line in lines] == rows["path"].tolist()
    for line, row in zip(lines, expected, strict=True):
        said = dict(zip(line[1::2], map(float, line[2::2]), strict=True))
        assert list(said.values()) == sorted(said.values(), reverse=True)
        assert [said[name] for name in classes] == pytest.approx(row.tolist(), abs=2e-4)


@pytest.mark.slow
def test_what_cannot_be_read_is_said_and_the_others_are_answered(script, two_runs, tmp_path):
    (tmp_path / "no photo.jpg").write_bytes(b"no photo")
    good = two_runs.main.samples["path"][0]
    ended = script(tmp_path / "no photo.jpg", tmp_path / "gone.jpg", good)
    assert ended.stdout.startswith(f"{good}\t") and ended.stdout.count("\n") == 1
    first, second = ended.stderr.splitlines()
    assert first == f"{tmp_path / 'no photo.jpg'} cannot be read as a photo: cannot identify image file"
    assert "gone.jpg cannot be read as a photo" in second


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_what_the_console_cannot_show_is_written_out(script, two_runs, tmp_path, encoding):
    photo = shutil.copy(two_runs.main.samples["path"][0], tmp_path / os.fsdecode(b"\xff.jpg"))
    ended = script(photo, encoding=encoding)
    assert (ended.returncode, ended.stderr) == (0, "") and ended.stdout.startswith(f"{tmp_path}/\\udcff.jpg\t")
    assert ("갈비찜" if encoding == "utf-8" else "\\uac08\\ube44\\ucc1c") in ended.stdout


@pytest.mark.slow
def test_without_a_photo_it_says_how_it_is_called(script):
    ended = script()
    assert ended.returncode == 1 and "python predict.py PHOTO" in ended.stderr


@pytest.mark.slow
def test_a_changed_byte_is_told_wherever_it_is(exported, tmp_path):
    whole = (exported / "model.onnx").read_bytes()
    at_digest = whole.rindex(DIGEST)
    places = [0, 1, len(whole) // 3, len(whole) // 2, at_digest - 5, at_digest + len(DIGEST), at_digest + 70]
    for place in [*places, *np.random.default_rng(0).integers(0, at_digest, 20)]:
        changed = bytearray(whole)
        changed[place] ^= 1
        (tmp_path / "model.onnx").write_bytes(changed)
        with pytest.raises(ValueError, match=r"model\.onnx was damaged or changed since it was exported by kfood\."):
            Model(tmp_path / "model.onnx")
    (tmp_path / "model.onnx").write_bytes(whole[:-1])
    with pytest.raises(ValueError, match="was damaged or changed"):
        Model(tmp_path / "model.onnx")


def others() -> dict[str, bytes]:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "other", [value], [out])
    return {"another's": onnx.helper.make_model(graph).SerializeToString(), "empty": b"", "text": b"not a model"}


@pytest.mark.parametrize("kind", ["another's", "empty", "text"])
def test_what_kfood_has_not_exported_is_refused(tmp_path, kind):
    (tmp_path / "model.onnx").write_bytes(others()[kind])
    with pytest.raises(ValueError, match=r"model\.onnx was not exported by kfood\."):
        Model(tmp_path / "model.onnx")


@pytest.mark.slow
def test_the_script_says_so_in_a_sentence(script, exported, tmp_path):
    for name in ("model.onnx", "predict.py"):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    with (tmp_path / "model.onnx").open("r+b") as file:
        file.write(b"!")
    ended = script("photo.jpg", folder=tmp_path)
    sentence = f"Error: {tmp_path / 'model.onnx'} was damaged or changed since it was exported by kfood.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", sentence)
