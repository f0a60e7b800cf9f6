"""A command whose extra is not installed says which package it needs and how to get it, and writes nothing."""

import pytest

from kfood.recipes.schema import Recipe
from kfood.run.folder import DONE, create_run
from kfood.system import extras


@pytest.mark.parametrize(
    ("missing", "command", "sentence"),
    [
        ("onnxscript", "export run --out out", 'Exporting a model needs onnxscript: pip install "kfood[export]"'),
        ("onnxruntime", "predict photo model", 'Predicting with model needs onnxruntime: pip install "kfood[export]"'),
        ("onnxruntime", "serve model", 'Predicting with model needs onnxruntime: pip install "kfood[export]"'),
        ("pyarrow", "predict photo run --out a.parquet", 'Writing Parquet needs pyarrow: pip install "kfood[parquet]"'),
        ("python_multipart", "serve", 'kfood serve needs python-multipart: pip install "kfood[serve]"'),
    ],
)
def test_a_command_names_what_it_lacks(kfood, here, monkeypatch, missing, command, sentence):
    create_run(Recipe(name="mine"), {}, here / "run").status_file.write_text(DONE)
    (here / "photo").mkdir()
    (here / "photo" / "1.png").write_bytes(b"x")
    (here / "model").mkdir()
    (here / "model" / "model.onnx").write_bytes(b"x")
    before = sorted(here.rglob("*"))
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == missing else object())
    answer = kfood(*command.split(), *["--port", "0"] * command.startswith("serve"))
    assert (answer.code, answer.err) == (2, f"Error: {sentence}.\n")
    assert sorted(here.rglob("*")) == before
