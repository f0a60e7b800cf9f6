"""The rules that every room keeps: imports lead down, what is light stays light, no file outgrows its reader."""

import ast
import shutil
import subprocess
import sys

import pytest

import kfood
from support.rooms import APP, FLOORS, arrows, module_circles, upward

HEAVY = ("torch", "fastai", "timm", "torchvision", "matplotlib", "sklearn", "optuna")
LIGHT = ("api.py", "cli", "recipes", "run", "errors.py", "text.py", "__init__.py")
MOST_LINES = 400
EXPORTED = [
    "DataError",
    "KfoodError",
    "RecipeError",
    "Run",
    "RunError",
    "calibrate",
    "compare",
    "find_duplicates",
    "find_label_issues",
    "interpret",
    "load_model",
    "load_run",
    "lrfind",
    "predict",
    "recipe",
    "report",
    "runs",
    "train",
]


def test_every_room_has_a_floor_and_imports_lead_down():
    rooms = {path.name.removesuffix(".py") for path in APP.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__main__", "__pycache__", "py.typed"} == {room for floor in FLOORS for room in floor}
    found = arrows()
    assert len({(arrow.room, arrow.of) for arrow in found}) > 50  # they were found at all
    assert upward(found) == []
    assert module_circles() == []


@pytest.mark.parametrize("inside", [False, True])
def test_a_planted_arrow_upwards_is_found(tmp_path, inside):
    app = shutil.copytree(APP, tmp_path / "kfood")
    planted = "from kfood.training.train import train\n"
    file = app / "system" / "disk.py"
    file.write_text(file.read_text() + (f"\n\ndef later():\n    {planted}" if inside else planted))
    assert [(arrow.file, arrow.of) for arrow in upward(arrows(app))] == [("system/disk.py", "training")]
    assert bool(module_circles(app)) != inside


def test_what_must_start_fast_imports_nothing_heavy_at_its_top():
    paths = [path for name in LIGHT for path in ([APP / name] if name.endswith(".py") else (APP / name).rglob("*.py"))]
    assert len(paths) > 20
    for path in paths:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in HEAVY], path


@pytest.mark.parametrize("code", ["import kfood", "import kfood; kfood.runs()", "from kfood.cli import main"])
def test_what_a_start_really_loads(code, tmp_path):
    heavy = f"print(sorted(set({(*HEAVY, 'pandas')}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; {heavy}"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_no_file_is_longer_than_its_reader_can_hold():
    long = {str(path): n for path in APP.rglob("*.py") if (n := len(path.read_text().splitlines())) > MOST_LINES}
    assert not long


def test_the_public_face_is_what_is_documented():
    assert kfood.__all__ == EXPORTED
    assert set(EXPORTED) <= set(dir(kfood))
    for name in EXPORTED:
        assert getattr(kfood, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        kfood.trian  # noqa: B018 - that it is looked up is what is tried
    assert all(issubclass(kind, kfood.KfoodError) for kind in (kfood.RecipeError, kfood.DataError, kfood.RunError))
