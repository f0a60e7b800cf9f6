"""recipes/tour.ipynb runs from the first cell to the last, and is kept without what it once showed."""

import base64
import io
import math
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from PIL import Image

import kfood
from kfood.recipes.load import recipes_folder, shipped_recipes

slow = pytest.mark.slow
FILE = Path(__file__).parents[2] / "recipes" / "tour.ipynb"


def the_tour() -> nbformat.NotebookNode:
    return nbformat.read(FILE, as_version=4)


def code_of(tour: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in tour.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook as it is after running, and the folder of all that it has written."""
    place = tmp_path_factory.mktemp("tour")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("KFOOD_CACHE", "KFOOD_RUNS", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "TMPDIR"):
            (place / name).mkdir()
            patch.setenv(name, str(place / name))
        patch.setenv("PYTHONPATH", str(Path(kfood.__file__).parents[1].absolute()))  # the notebook runs this kfood
        before = sorted(FILE.parent.rglob("*"))
        tour = the_tour()
        NotebookClient(tour, timeout=600, resources={"metadata": {"path": str(FILE.parent)}}).execute()
        assert sorted(FILE.parent.rglob("*")) == before  # opened where it lies, it writes nothing there
    return tour, place


def text_of(tour: nbformat.NotebookNode, name: str) -> str:
    """All that a cell has printed or shown as text."""
    (cell,) = [cell for cell in tour.cells if cell.id == name]
    return "\n".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs)


def figures_of(tour: nbformat.NotebookNode, name: str) -> list[Image.Image]:
    (cell,) = [cell for cell in tour.cells if cell.id == name]
    shown = [out.data["image/png"] for out in cell.outputs if "image/png" in out.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(figure))) for figure in shown]


@slow
def test_two_trainings_are_finished_and_better_than_guessing(executed):
    _, place = executed
    plain, mixup = kfood.runs(place / "KFOOD_RUNS")
    assert (plain.status, mixup.status) == ("done", "done")
    assert (plain.recipe.training.mixup, mixup.recipe.training.mixup) == (0, 0.4)
    for run in (plain, mixup):
        assert math.isfinite(run.metrics["test"]["accuracy"])
    assert plain.metrics["test"]["accuracy"] > 2 / 6  # of six dishes


@slow
def test_the_planted_copy_is_found_and_nothing_is_learned_from_it(executed):
    tour, place = executed
    assert text_of(tour, "find-duplicates").count("conflict") == 1
    (fixes,) = place.rglob("fixes.csv")
    (planted,) = pd.read_csv(fixes)["digest"]
    for run in kfood.runs(place / "KFOOD_RUNS"):
        samples = run.samples.query("split != 'test'")
        assert len(samples) > 60 and planted not in set(samples["digest"])


@slow
def test_figures_are_shown(executed):
    tour, place = executed
    assert len(figures_of(tour, "lrfind")) == len(figures_of(tour, "history")) == 1
    plain = kfood.runs(place / "KFOOD_RUNS")[0]
    shown = figures_of(tour, "interpret")
    assert len(shown) >= 4
    drawn = {Image.open(file).tobytes() for file in plain.figures.glob("*.png")}
    assert {figure.tobytes() for figure in shown} <= drawn


@slow
def test_runs_are_compared_and_photos_predicted(executed):
    tour, place = executed
    plain, mixup = kfood.runs(place / "KFOOD_RUNS")
    verdict = text_of(tour, "compare-runs")
    assert plain.name in verdict and mixup.name in verdict and "difference " in verdict
    assert text_of(tour, "predict").splitlines()[0].split()[0] == "predicted"
    assert "report.html" in text_of(tour, "report")


def test_it_shows_every_function_that_kfood_hands_on():
    code = "\n".join(cell.source for cell in code_of(the_tour()))
    functions = {name for name in kfood.__all__ if name[0].islower()}
    assert functions == {name for name in functions if f"kfood.{name}(" in code}


def test_it_is_kept_without_outputs_and_counts():
    tour = the_tour()
    nbformat.validate(tour)
    for cell in code_of(tour):
        assert cell.outputs == [] and cell.execution_count is None and not cell.metadata
    assert set(tour.metadata) == {"kernelspec", "language_info"}


def test_it_is_no_recipe():
    assert recipes_folder() == FILE.parent
    assert not {"tour", "README"} & set(shipped_recipes())
