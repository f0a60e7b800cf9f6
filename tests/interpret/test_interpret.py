"""All pictures and tables of a run come from its predictions, also when the photos are gone."""

import shutil

import pytest
from PIL import Image

from kfood.errors import KfoodError
from kfood.interpret.interpret import FIGURES, interpret_run
from kfood.recipes.load import load_recipe
from kfood.run import Run
from kfood.training.train import train

SMALL = ("model.arch=mobilenetv3_small_050", "data.size=64", "training.epochs=1", "training.batch_size=8")


@pytest.fixture(scope="module")
def trained(make_photos, tmp_path_factory):
    place = tmp_path_factory.mktemp("interpret")
    photos = make_photos(place / "photos", {"갈비찜": 20, "김밥": 20, "돼지갈비찜": 20})
    return train(load_recipe("mission1", SMALL, str(photos)), place / "runs")


def test_every_picture_is_made(trained):
    found = interpret_run(trained, list(FIGURES))
    assert [figure.name for figure in found.figures] == [f"test-{name}.png" for name in FIGURES]
    assert all(min(Image.open(figure).size) > 200 for figure in found.figures)
    assert found.tables["By class (95 % interval of recall)"]["n"].sum() == trained.metrics["test"]["n"]
    assert found.tables["Highest losses"]["loss"].is_monotonic_decreasing


def test_pictures_predict_nothing_anew(trained, monkeypatch):
    monkeypatch.setattr(Run, "learner", property(lambda run: pytest.fail("the model was asked")))
    interpret_run(trained, [name for name in FIGURES if name != "cam"], "valid", 4)


def test_a_split_without_predictions(trained):
    with pytest.raises(KfoodError, match='no predictions for "tset". Did you mean "test"'):
        interpret_run(trained, ["confusion"], "tset")


def test_photos_that_are_gone_leave_everything_else(trained, tmp_path):
    photos = trained.recipe.data.root
    run = Run(shutil.copytree(trained.folder, tmp_path / "elsewhere"))
    shutil.move(photos, tmp_path / "moved")
    try:
        found = interpret_run(run, list(FIGURES))
    finally:
        shutil.move(tmp_path / "moved", photos)
    assert len(found.figures) == len(FIGURES)
