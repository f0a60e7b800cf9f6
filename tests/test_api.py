"""kfood from Python or a notebook."""

import pandas as pd
import pytest
from fastai.learner import Learner

import kfood
from kfood.errors import KfoodError

SMALL = ("model.arch=mobilenetv3_small_050", "data.size=32", "training.epochs=1", "training.batch_size=8")


def test_three_lines(make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 20, "김밥": 20})
    recipe = kfood.recipe("mission1", *SMALL, data=photos)
    run = kfood.train(recipe, runs=tmp_path / "runs")
    assert 0 <= run.metrics["test"]["accuracy"] <= 1
    assert isinstance(run.history, pd.DataFrame)
    assert isinstance(run.learner, Learner)
    assert kfood.load_run(folder=tmp_path / "runs").folder == run.folder
    assert [found.folder for found in kfood.runs(tmp_path / "runs")] == [run.folder]
    again = kfood.train("mission1", *SMALL, data=photos, runs=tmp_path / "again")
    pd.testing.assert_frame_equal(again.predictions, run.predictions)


def test_settings_belong_to_a_name():
    with pytest.raises(KfoodError, match="go with a recipe's name"):
        kfood.train(kfood.recipe("mission1"), data="photos")
