"""A cascade answers as its main model, but for the pair where that is unsure, and is a run like any other."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from kfood.errors import KfoodError
from kfood.evaluation.predict import predict
from kfood.model.saved import load_model
from kfood.pairs import cascade as made_of
from kfood.pairs.cascade import make_cascade, pair_margins
from kfood.recipes.load import load_recipe
from kfood.run.find import all_runs
from kfood.run.folder import DONE, Run
from kfood.system.files import write_csv
from kfood.training.restore import predictor_of, restore_learner
from kfood.training.train import resume, train
from support.small import SMALL
from support.two_runs import CLASSES, A, B, C

pytestmark = pytest.mark.slow

COLUMNS = [f"p_{name}" for name in CLASSES]


@pytest.fixture(scope="module")
def cascade(two_runs, tmp_path_factory) -> Run:
    return make_cascade(two_runs.main, two_runs.pair, tmp_path_factory.mktemp("cascades")).run


def predictions_at(run: Run, margin: float) -> pd.DataFrame:
    learner = predictor_of(run)
    learner.model.margin = margin
    return predict(learner, run.samples, run.recipe.data.size).set_index("path")


def test_one_that_never_asks_is_the_main_model(cascade, two_runs):
    ours, theirs = predictions_at(cascade, 0.0), two_runs.main.predictions.set_index("path")
    np.testing.assert_allclose(ours[COLUMNS], theirs.loc[ours.index, COLUMNS], atol=1e-5)


def test_one_that_always_asks_divides_the_pairs_probability_as_the_specialist_does(cascade, two_runs):
    ours, main = (each.sort_index() for each in (predictions_at(cascade, 2.0), predictions_at(cascade, 0.0)))
    says = two_runs.pair.predictions.set_index("path")
    best_two = main[COLUMNS].apply(lambda row: set(row.nlargest(2).index), axis=1)
    asked = best_two.index[[each == {f"p_{A}", f"p_{C}"} for each in best_two]]
    assert 0 < len(asked) < len(main)
    rest = main.index.difference(asked)
    np.testing.assert_allclose(ours.loc[rest, COLUMNS], main.loc[rest, COLUMNS], atol=1e-5)
    np.testing.assert_allclose(ours.loc[asked, f"p_{B}"], main.loc[asked, f"p_{B}"], atol=1e-5)
    known = asked.intersection(says.index)
    assert len(known)
    two = ours.loc[known, [f"p_{A}", f"p_{C}"]]
    np.testing.assert_allclose(two[f"p_{A}"] / two.sum(axis=1), says.loc[known, f"p_{A}"], atol=1e-4)
    np.testing.assert_allclose(ours[COLUMNS].sum(axis=1), 1, atol=1e-5)


def test_its_run_holds_what_it_answers(cascade):
    assert cascade.status == DONE
    model, about = load_model(cascade.weights_file, cascade.model_file)
    assert about.classes == CLASSES
    assert model.margin == about.margin == cascade.environment["cascade"]["margin"]
    again = predictions_at(cascade, about.margin)
    kept = cascade.predictions.set_index("path").loc[again.index]
    np.testing.assert_allclose(again[COLUMNS], kept[COLUMNS], atol=1e-4)
    test = cascade.predictions[cascade.predictions["split"] == "test"]
    assert cascade.metrics["test"]["accuracy"] == pytest.approx((test["label"] == test["predicted"]).mean())


def test_test_labels_choose_nothing(two_runs, tmp_path):
    """The same two runs, with the main run's test photos under other labels, ask at the same margin."""
    margins = []
    for number, change in enumerate((lambda label: label, {A: C, B: A, C: B}.get)):
        folder = tmp_path / str(number)
        copy = copied(two_runs.main, folder / "mission1" / "run")
        table = copy.samples
        judged = table["split"] == "test"
        write_csv(copy.samples_file, table.assign(label=table["label"].mask(judged, table["label"].map(change))))
        copy.checksums.add(copy.samples_file)
        margins.append(make_cascade(copy, two_runs.pair, folder).run.environment["cascade"]["margin"])
    assert margins[0] == margins[1]


def copied(run: Run, folder) -> Run:
    shutil.copytree(run.folder, folder)
    return Run(folder)


def test_margins_are_of_photos_whose_two_best_answers_are_the_pair(answers):
    photos = answers((A, (0.5, 0.1, 0.4)), (A, (0.5, 0.4, 0.1)), (C, (0.2, 0.05, 0.75)), (B, (0.3, 0.4, 0.3)))
    found = pair_margins(photos, (A, C))
    assert found.round(6).to_dict() == {"test/000.jpg": 0.1, "test/002.jpg": 0.55}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (lambda runs: (runs.main, runs.main), "must be one network of two classes"),
        (lambda runs: (runs.pair, runs.pair), "has two classes itself"),
    ],
)
def test_runs_that_do_not_go_together_are_refused(two_runs, tmp_path, parts, words):
    with pytest.raises(KfoodError, match=words):
        make_cascade(*parts(two_runs), tmp_path / "runs")
    assert not all_runs(tmp_path / "runs")


def test_a_specialist_that_has_seen_the_test_photos_is_refused(two_runs, make_photos, tmp_path):
    photos = two_runs.main.recipe.data.root
    other = ["data.split_seed=7", f"data.classes={A},{C}", "training.epochs=1"]
    pair = train(load_recipe("mission1", [*SMALL, *other], photos), tmp_path / "runs")
    with pytest.raises(KfoodError, match=r"has trained on, or chosen by, \d+ photos .*--set data.split_seed=0"):
        make_cascade(two_runs.main, pair, tmp_path / "cascades")


def test_it_cannot_be_trained_on_and_leaves_nothing_when_it_fails(cascade, two_runs, tmp_path, monkeypatch):
    with pytest.raises(KfoodError, match="cascade of two networks"):
        restore_learner(cascade)
    with pytest.raises(KfoodError, match="nothing to go on with"):
        resume(cascade)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(made_of, "write_csv", full)
    with pytest.raises(OSError, match="No space"):
        make_cascade(two_runs.main, two_runs.pair, tmp_path / "runs")
    assert not all_runs(tmp_path / "runs")
