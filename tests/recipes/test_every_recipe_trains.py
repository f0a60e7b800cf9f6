"""Every shipped recipe trains, as it is shipped, on a few of the demo photos."""

from __future__ import annotations

import pytest

from kfood.data.demo import make_demo
from kfood.recipes.load import load_recipe, shipped_recipes
from kfood.run.find import finished_runs
from kfood.run.folder import DONE
from kfood.training.train import train

pytestmark = pytest.mark.slow

SHORT = ("data.size=32", "training.epochs=1", "training.batch_size=8", "training.workers=0")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("few") / "demo", share=0.1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One folder for all recipes, so that what several start from is trained once."""
    return tmp_path_factory.mktemp("runs")


def before_what_starts_from_it(name: str) -> tuple[bool, str]:
    return bool(load_recipe(name).model.start_from), name


@pytest.mark.parametrize("name", sorted(shipped_recipes(), key=before_what_starts_from_it))
def test_recipe_trains(name, demo, runs):
    recipe = load_recipe(name, SHORT, str(demo))
    if source := recipe.model.start_from:  # trained as short, above: by its name it would be trained at length
        start = finished_runs(runs, source)[-1]
        recipe = load_recipe(name, [*SHORT, f"model.start_from={start.folder}"], str(demo))
    run = train(recipe, runs)
    assert run.status == DONE
    classes = {"kfood": 42, "kfood_health": 13}[recipe.data.subset]
    assert len(run.metrics["test"]["recall"]) == (len(recipe.data.classes) or classes)
    assert run.recipe.model.arch == recipe.model.arch
    if source:
        assert run.environment["started_from"] == str(start.folder.resolve())
