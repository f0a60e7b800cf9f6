"""kfood from Python or a notebook."""

import pandas as pd
import pytest
from fastai.learner import Learner

import kfood
from kfood.data.loaders import Photo
from kfood.errors import KfoodError

SMALL = ("model.arch=mobilenetv3_small_050", "data.size=32", "training.epochs=1", "training.batch_size=8")


def run_item(path: str) -> Photo:
    return Photo(path, "", "", "")


def test_three_lines(make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 20, "김밥": 20})
    (tmp_path / "mine.toml").write_text('extends = "mission1"')
    recipe = kfood.recipe(tmp_path / "mine.toml", *SMALL, data=photos)
    run = kfood.train(recipe, runs=tmp_path / "runs")
    assert 0 <= run.metrics["test"]["accuracy"] <= 1
    assert isinstance(run.history, pd.DataFrame)
    assert isinstance(run.learner, Learner)
    judged = run.predictions.iloc[0]
    for learner in (run.learner, run.predictor):  # as fastai's Learners take a photo
        name, _, probabilities = learner.predict(judged["path"])
        assert name == judged["predicted"]
        assert float(probabilities.max()) == pytest.approx(judged["probability"], abs=1e-4)
        assert len(learner.get_preds(dl=learner.dls.test_dl([run_item(judged["path"])]))[0]) == 1
    assert kfood.load_run(folder=tmp_path / "runs").folder == run.folder
    assert [found.folder for found in kfood.runs(tmp_path / "runs")] == [run.folder]
    again = kfood.train("mission1", *SMALL, data=photos, runs=tmp_path / "again")
    pd.testing.assert_frame_equal(again.predictions, run.predictions)


def test_settings_belong_to_a_name():
    with pytest.raises(KfoodError, match="go with a recipe's name"):
        kfood.train(kfood.recipe("mission1"), data="photos")


@pytest.mark.slow
def test_what_the_commands_do_can_be_done_from_python(make_photos, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "kfood.evaluation.embeddings.packaged_weights", lambda name: None
    )  # hashes alone: they take no seconds
    photos = make_photos(tmp_path / "photos", {"갈비찜": 20, "김밥": 20})
    copy = photos / "김밥" / "copy.jpg"
    copy.write_bytes((photos / "갈비찜" / "0000.jpg").read_bytes())
    found = kfood.find_duplicates(photos)
    assert found.findings["finding"].tolist() == ["conflict"]
    copy.unlink()
    run = kfood.train("mission1", *SMALL, data=photos, runs=tmp_path / "runs")
    assert kfood.lrfind("mission1", *SMALL, data=photos, seeds=1, iterations=40, runs=tmp_path / "runs").lr > 0
    assert len(kfood.predict(photos, run)) == 40
    assert kfood.report(run, photos=False) == run.folder / "report.html"
    with pytest.raises(KfoodError, match=r'"confusoin" is not one of .* Did you mean "confusion"\?'):
        kfood.interpret(run, "confusoin")
    with pytest.raises(KfoodError, match="two runs or more"):
        kfood.compare(run)
    with pytest.raises(kfood.RunError, match="There is no finished run"):
        kfood.load_run(folder=tmp_path / "none")
    with pytest.raises(kfood.DataError, match="gone"):
        kfood.find_duplicates(tmp_path / "gone")
    with pytest.raises(kfood.RecipeError, match="missoin"):
        kfood.recipe("missoin")
