"""The wheel holds the recipes and works away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kfood.recipes.load import shipped_recipes

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_every_recipe_is_inside(unpacked):
    inside = {path.stem for path in (unpacked / "kfood" / "recipes" / "shipped").glob("*.toml")}
    assert inside == set(shipped_recipes())


def test_the_reports_templates_are_inside(unpacked):
    here = {path.name for path in (ROOT / "app" / "kfood" / "reporting" / "templates").iterdir()}
    assert {path.name for path in (unpacked / "kfood" / "reporting" / "templates").iterdir()} == here


def test_it_works_away_from_the_checkout(unpacked, tmp_path):
    code = "import kfood; print(kfood.__file__); from kfood.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    ran = subprocess.run(
        [sys.executable, "-c", code, "recipe", "ls"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    first, *listed = ran.stdout.splitlines()
    assert Path(first).is_relative_to(unpacked)
    assert [line.split()[0] for line in listed] == list(shipped_recipes())
