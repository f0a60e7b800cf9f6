"""A run's exported model, made once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exported(two_runs, tmp_path_factory) -> Path:
    """A folder with the model.onnx of `two_runs.main`. Not to be changed."""
    from kfood.exporting.graph import export_graph

    folder = tmp_path_factory.mktemp("exported")
    export_graph(two_runs.main, folder / "model.onnx")
    return folder
