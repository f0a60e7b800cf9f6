"""Remedies for a pair: trained on the same photos, found again, and compared photo by photo and seed by seed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kfood.errors import KfoodError, Stopped
from kfood.evaluation.predictions import is_right, of_split
from kfood.pairs import remedies as tried
from kfood.pairs.remedies import remedies
from kfood.pairs.remedies_table import conclusion, readable_remedies, remedies_table
from kfood.pairs.trials import try_remedies
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Recipe
from kfood.run.find import all_runs
from kfood.run.folder import Run
from kfood.system.files import content_digest, write_csv
from kfood.training.stop import Stop
from support.small import SMALL
from support.two_runs import A, B, C

pytestmark = pytest.mark.slow

PAIR = (A, C)


@pytest.fixture(scope="module")
def base(two_runs) -> Recipe:
    return load_recipe("mission1", [*SMALL, "training.epochs=2"], two_runs.main.recipe.data.root)


@pytest.fixture(scope="module")
def found(base, tmp_path_factory):
    runs = tmp_path_factory.mktemp("remedies")
    return try_remedies(base, PAIR, 2, runs, only=("class-weights", "specialist")), runs


def test_each_remedy_is_one_change_to_the_recipe(base, tmp_path):
    write_csv(tmp_path / "fixes.csv", pd.DataFrame())
    changes = {remedy.name: remedy.change for remedy in remedies(PAIR, base, tmp_path / "fixes.csv")}
    assert changes["nothing"] == {}
    assert changes["class-weights"]["loss"]["class_weights"] == {A: 2.0, C: 2.0}
    assert changes["larger"]["data"]["size"] == 64  # 1.5 times 32, in steps of 32
    assert changes["cleaning"]["data"]["fixes"] == str(tmp_path / "fixes.csv")
    assert "cleaning" not in [remedy.name for remedy in remedies(PAIR, base)]


def test_all_are_trained_on_the_same_photos_with_the_same_seeds(found):
    runs, _ = found
    assert list(runs) == ["nothing", "class-weights", "specialist"]
    for each in runs.values():
        assert [run.recipe.training.seed for run in each] == [0, 1]
        assert {run.environment["data_fingerprint"] for run in each} == {
            runs["nothing"][0].environment["data_fingerprint"]
        }
    assert runs["class-weights"][1].recipe.loss.class_weights == {A: 2.0, C: 2.0}


def test_nothing_is_trained_twice(found, base, monkeypatch):
    runs, folder = found
    monkeypatch.setattr(tried, "train", lambda *_, **__: pytest.fail("trained again"))
    again = try_remedies(base, PAIR, 2, folder, only=("class-weights", "specialist"))
    assert [[run.folder for run in each] for each in again.values()] == [
        [run.folder for run in each] for each in runs.values()
    ]


def test_what_was_tried_before_stands_in_the_table_and_counts(found, base, tmp_path):
    """Remedies tried one after the other are as many chances for a false alarm as remedies tried at once."""
    _, folder = found
    assert list(try_remedies(base, PAIR, 1, folder, only=("label-smoothing",))) == [
        "nothing",
        "class-weights",
        "label-smoothing",
        "specialist",
    ]
    assert list(try_remedies(base, PAIR, 1, tmp_path, only=("label-smoothing",))) == ["nothing", "label-smoothing"]


def test_it_goes_on_after_a_stop(base, found, tmp_path):
    stop = Stop()
    stop.requested = 2
    with pytest.raises(Stopped):
        try_remedies(base, PAIR, 1, tmp_path, only=("mixup",), stop=stop)
    assert [run.status for run in all_runs(tmp_path)] == ["interrupted"]
    runs = try_remedies(base, PAIR, 1, tmp_path, only=("mixup",))
    assert [run.status for each in runs.values() for run in each] == ["done"] * 2
    before, _ = found
    left, right = (each["nothing"][0].predictions for each in (runs, before))
    assert left["predicted"].tolist() == right["predicted"].tolist()


def test_the_table_is_counted_on_photos_of_the_two_dishes(found):
    runs, _ = found
    table = remedies_table(runs, PAIR).set_index("remedy")
    for name, each in runs.items():
        shares, of_all = [], []
        for run in each:
            test = of_split(run.predictions, "test")
            shares.append(is_right(test)[test["label"].isin(PAIR)].mean())
            of_all.append(is_right(test).mean())
        assert table.loc[name, "pair"] == pytest.approx(np.mean(shares))
        assert table.loc[name, "all"] == pytest.approx(np.mean(of_all))
        assert table.loc[name, "difference"] == pytest.approx(table.loc[name, "pair"] - table.loc["nothing", "pair"])
        assert table.loc[name, "low"] <= table.loc[name, "pair"] <= table.loc[name, "high"]
    assert np.isnan(table.loc["nothing", "p"])
    assert set(table["verdict"][1:]) <= {"better", "worse", "cannot be told apart"}
    assert readable_remedies(table.reset_index())["against nothing"].iloc[0] == ""


def _judged(run: Run, right: bool) -> SimpleNamespace:
    """A run that has all photos right, or all wrong."""
    predictions = run.predictions
    answer = predictions["label"].map(lambda label: label if right else next(name for name in (A, B) if name != label))
    return SimpleNamespace(
        predictions=predictions.assign(predicted=answer), samples=run.samples, metrics={"seconds": 1.0}
    )


@pytest.mark.parametrize(
    ("nothing", "other", "verdict", "words"),
    [
        (False, True, "better", "helps: mixup"),
        (True, False, "worse", "none"),
        (True, True, "cannot be told apart", "none"),
    ],
)
def test_what_can_be_told_apart_is_told(two_runs, nothing, other, verdict, words):
    runs = {"nothing": [_judged(two_runs.main, nothing)] * 2, "mixup": [_judged(two_runs.main, other)] * 2}
    table = remedies_table(runs, PAIR)
    assert table["verdict"].iloc[1] == verdict
    said = conclusion(table, PAIR, 2)
    assert words in said[-1]
    assert "adjusted for 1 remedy in this table (Holm)" in said[0]
    best = "nothing" if nothing else "mixup"
    assert said[1].startswith(f"Validation chooses {best} ({float(nothing or other):.4f}")
    assert ("test judges it" in said[1]) == (best == "mixup")


def test_every_remedy_in_the_table_is_counted(two_runs):
    """One more remedy, however hopeless, is one more chance for a false alarm."""
    right, wrong = _judged(two_runs.main, True), _judged(two_runs.main, False)
    p = []
    for others in (1, 8):
        runs = {"nothing": [wrong] * 2, "mixup": [right] * 2} | {f"other {n}": [wrong] * 2 for n in range(1, others)}
        p.append(remedies_table(runs, PAIR).set_index("remedy").loc["mixup", "p"])
    assert p[1] == pytest.approx(min(8 * p[0], 1), rel=0.3)


def test_trainings_with_other_fixes_are_not_taken_for_these(base, tmp_path):
    photo = Path(base.data.root) / A / "0000.jpg"
    file, folders = tmp_path / "fixes.csv", []
    for action in ("drop", "group"):
        row = {"digest": content_digest(photo.read_bytes()), "action": action, "value": "" if action == "drop" else "g"}
        write_csv(file, pd.DataFrame([{**row, "path": "", "reason": ""}]))
        runs = try_remedies(base, PAIR, 1, tmp_path / "runs", file, only=("cleaning",))
        folders.append((runs["nothing"][0].folder, runs["cleaning"][0].folder))
    (nothing, dropped), (nothing_too, grouped) = folders
    assert nothing == nothing_too and dropped != grouped
    assert len(Run(dropped).samples) == len(Run(grouped).samples) - 1


@pytest.mark.parametrize(
    ("pair", "settings", "only", "words"),
    [
        ((A, "돼지갈비찝"), (), (), f'no class "돼지갈비찝". Did you mean "{C}"'),
        ((A, A), (), (), f"both are {A}"),
        ((A, C), (f"data.classes={A},{C}",), (), "knows the two classes alone"),
        ((A, B), (), ("mixupp",), 'no remedy "mixupp". Did you mean "mixup"'),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_trained(two_runs, tmp_path, pair, settings, only, words):
    recipe = load_recipe("mission1", [*SMALL, *settings], two_runs.main.recipe.data.root)
    with pytest.raises(KfoodError) as raised:
        try_remedies(recipe, pair, 1, tmp_path / "runs", only=only)
    assert words in str(raised.value)
    assert not (tmp_path / "runs").exists()
