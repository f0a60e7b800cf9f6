"""A trained run, calibrated: the same numbers wherever its answers are asked for."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kfood.calibration.answers import answer_photos
from kfood.calibration.features import features_of_run
from kfood.calibration.fit import Wanted, calibrate_run
from kfood.calibration.judged import judged_split
from kfood.calibration.stored import read_calibration
from kfood.errors import KfoodError
from kfood.evaluation.predict import predict_logits
from kfood.prediction.load import Asked, load_predictor
from kfood.prediction.sources import find_photos
from kfood.prediction.table import predicted_table
from kfood.prediction.write import write_predictions
from kfood.recipes.load import load_recipe
from kfood.reporting.runs_page import _calibrated
from kfood.run.folder import Run
from kfood.training.restore import predictor_of
from kfood.training.train import train
from support.small import SMALL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def groups(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("groups") / "groups.csv"
    file.write_text("class,group\n갈비찜,찜\n돼지갈비찜,찜\n김밥,밥\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def run(two_runs, groups, tmp_path_factory) -> Run:
    """The run of three dishes, calibrated. Not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "mission1" / "run"
    shutil.copytree(two_runs.main.folder, folder)
    calibrate_run(Run(folder), Wanted(coverage=0.8, refuse=0.1, accuracy=0.7, groups=groups))
    return Run(folder)


def test_logits_of_the_features_are_those_of_the_network(run):
    classes = read_calibration(run).classes
    features = features_of_run(run, classes, judged_split(run, "valid"), judged_split(run, "test"))
    samples = run.samples.set_index("path", drop=False).loc[judged_split(run, "test").paths]
    logits = predict_logits(predictor_of(run), samples.reset_index(drop=True), run.recipe.data.size)
    np.testing.assert_allclose(features.test.logits, logits.numpy(), atol=1e-3)
    assert (np.array(classes)[features.train.labels] == run.samples.loc[run.samples["split"] == "train", "label"]).any()


def test_rows_say_what_was_calibrated(run):
    found = read_calibration(run)
    assert found.none_of_these is not None and not found.why_none
    test = judged_split(run, "test")
    share = found.none_of_these.share(features_of_run(run, found.classes, test, test).test.features)
    said = answer_photos(found, test.probabilities, share)
    table = predicted_table(load_predictor(run), test.paths, 1)
    names = ["path", "predicted", "predicted_probability", "answer", "level", "set", "group", "group_probability"]
    assert list(table) == [*names, "known_p", "error"]
    np.testing.assert_allclose(table["predicted_probability"], said.probabilities.max(axis=1), atol=1e-3)
    assert (table["level"] == said.level).mean() > 0.9  # but for rounding at a threshold
    alike = (table["level"] == said.level).to_numpy()
    assert (table["answer"].fillna("")[alike] == said.names[alike]).all()
    assert np.abs(table["known_p"] - share).mean() < 0.02
    assert all(row.predicted in row.set.split("|") for row in table.itertuples())
    assert set(table["group"]) <= {"찜", "밥"} and (table["group_probability"] >= 0.49).all()


def test_thresholds_can_be_changed(run, tmp_path):
    paths = judged_split(run, "test").paths
    small, large = (
        predicted_table(load_predictor(run, None, Asked(wanted)), paths, 1)["set"] for wanted in (0.3, 0.94)
    )
    assert all(set(few.split("|")) <= set(many.split("|")) for few, many in zip(small, large, strict=True))
    found = read_calibration(run)
    test = judged_split(run, "test")
    assert (large.str.count(r"\|") + 1).sum() >= found.sets.members(test.probabilities, 0.94).sum()
    half = predicted_table(load_predictor(run, None, Asked(refuse=0.5)), paths, 1)
    assert (half["level"] == "none of these").equals(half["known_p"] <= 0.5)
    for asked, words in (
        (Asked(coverage=0.999), "A coverage of 0.999 needs 999"),
        (Asked(coverage=1.5), "must lie between 0 and 1"),
        (Asked(refuse=0.001), "To refuse 0.001 of photos of known dishes, 999"),
    ):
        with pytest.raises(KfoodError, match=words):
            load_predictor(run, None, asked)


def test_files_of_rows_go_on_with_the_same_thresholds_only(run, tmp_path):
    file = tmp_path / "out.jsonl"
    photos = find_photos([Path(judged_split(run, "test").paths[0]).parents[1]])
    write_predictions(run, photos, file, 1, asked=Asked(coverage=0.7))
    row = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    assert {"answer", "level", "set", "known_p"} <= set(row) and row["known_p"] > 0
    note = file.with_name(".out.jsonl.unfinished")
    note.write_text(json.dumps({"model": _identity(run), "top": 1, "coverage": 0.7}))
    with pytest.raises(KfoodError, match="was begun with --coverage 0.7: say so"):
        write_predictions(run, photos, file, 1, resume=True, asked=Asked(coverage=0.8))
    parquet = tmp_path / "out.parquet"
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    write_predictions(run, photos, parquet, 1)
    assert pd.read_parquet(parquet)["known_p"].dtype == float


def _identity(run: Run) -> str:
    from kfood.prediction.load import identity

    return identity(run)


def test_a_run_that_is_not_calibrated_predicts_as_before(two_runs):
    assert "answer" not in predicted_table(load_predictor(two_runs.main), judged_split(two_runs.main, "test").paths[:2])
    with pytest.raises(KfoodError, match="is not calibrated, so that --refuse means nothing: kfood calibrate"):
        load_predictor(two_runs.main, None, Asked(refuse=0.1))


def test_the_report_has_a_section_where_the_run_is_calibrated(run, two_runs, tmp_path):
    assert _calibrated(two_runs.main) == []
    folder = shutil.copytree(run.folder, tmp_path / "mission1" / "run")
    (section,) = _calibrated(Run(folder))
    assert section.name == "calibrated" and len(section.tables) == 5 and not section.missing
    assert all(figure.is_file() for figure in section.figures.values())
    (folder / "calibration.json").write_text("{}")
    (section,) = _calibrated(Run(folder))
    assert "is damaged" in section.missing


def test_an_export_carries_the_temperature_and_what_sets_go_by(run, tmp_path):
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    from kfood.exported.predict import Model
    from kfood.exporting.graph import export_graph

    export_graph(run, tmp_path / "model.onnx")
    model, predictor, found = Model(tmp_path / "model.onnx"), load_predictor(run), read_calibration(run)
    photos = np.stack([model.prepare(path) for path in judged_split(run, "test").paths])
    np.testing.assert_allclose(model.probabilities(photos), predictor.probabilities(photos), atol=2e-3)
    assert float(model.metadata["temperature"]) == pytest.approx(found.temperature.value, rel=1e-4)
    sets = json.loads(model.metadata["sets"])
    assert sets["score"] == "lac" and sets["coverage"] == 0.8
    thresholds = [math.inf if each is None else each for each in sets["thresholds"]]
    powers = model.probabilities(photos).astype(float) ** sets["power"]
    own = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(own, predictor.base.probabilities(photos), atol=2e-3)
    assert (1 - own <= np.array(thresholds)).mean() == pytest.approx(found.sets.members(own).mean(), abs=0.01)


def test_an_exported_model_answers_with_sets_and_groups_as_its_run(run, tmp_path):
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    from kfood.exporting.graph import export_graph
    from kfood.serving.load import load_service

    file = tmp_path / "model.onnx"
    export_graph(run, file)
    paths = judged_split(run, "test").paths
    for asked in (Asked(), Asked(coverage=0.9)):
        of_run = predicted_table(load_predictor(run, asked=asked), paths, 1)
        table = predicted_table(load_predictor(file, asked=asked), paths, 1)
        assert list(table) == [name for name in of_run if name != "known_p"]
        stayed = of_run["level"] != "none of these"  # which an exported model cannot answer
        for column in ("set", "group"):
            assert (table[column] == of_run[column]).mean() > 0.9  # but for rounding at a threshold
        for column in ("level", "answer"):
            assert (table[column].fillna("") == of_run[column].fillna(""))[stayed].mean() > 0.9
    with pytest.raises(KfoodError, match='cannot answer "none of these", so that --refuse means nothing'):
        load_predictor(file, asked=Asked(refuse=0.2))
    with pytest.raises(KfoodError, match="The coverage that is wanted is 1.5: it must lie between 0 and 1"):
        load_predictor(file, asked=Asked(coverage=1.5))
    about = load_service(str(file), tmp_path, Asked(coverage=0.9)).description()["calibrated"]
    assert (about["coverage"], about["refuse"], about["accuracy"]) == (0.9, None, 0.7)


def test_a_server_says_what_was_calibrated_and_what_it_goes_by(run):
    pytest.importorskip("starlette", reason="the extra serve is not installed")
    from starlette.testclient import TestClient

    from kfood.serving.app import build_app
    from kfood.serving.load import load_service

    paths = judged_split(run, "test").paths[:8]
    asked = Asked(coverage=0.9, refuse=0.2)
    table = predicted_table(load_predictor(run, asked=asked), paths, 1)
    with TestClient(build_app(load_service(str(run.folder), run.folder.parents[1], asked))) as client:
        about = client.get("/model").json()["calibrated"]
        files = [("photo", Path(path).read_bytes()) for path in paths]
        photos = client.post("/predict", files=files).json()["photos"]
    found = read_calibration(run)
    assert (about["coverage"], about["refuse"]) == (0.9, 0.2)
    assert (about["dish_from"], about["group_from"]) == (found.levels.dish.least, found.levels.group.least)
    for photo, row in zip(photos, table.to_dict("records"), strict=True):
        assert "|".join(photo["set"]) == row["set"] and photo["level"] == row["level"]
        assert photo["known_p"] == pytest.approx(row["known_p"])
        assert photo["classes"][0]["probability"] == pytest.approx(row["predicted_probability"], abs=1e-5)
        if not photo["cannot_tell"]:
            assert photo["answer"] == (row["answer"] or None)


def test_a_recipe_can_ask_for_it(make_photos, groups, tmp_path, caplog):
    photos = make_photos(tmp_path / "photos", dict.fromkeys(("갈비찜", "김밥", "돼지갈비찜"), 44))
    asked = [*SMALL, "training.calibrate=true", f"data.groups={groups}"]
    calibrated = train(load_recipe("mission1", asked, str(photos)), tmp_path / "runs")
    assert read_calibration(calibrated).levels.groups == ["찜", "밥", "찜"]
    with caplog.at_level("WARNING", "kfood"):
        few = train(load_recipe("mission1", [*asked, "data.per_class=6"], str(photos)), tmp_path / "runs")
    assert few.status == "done" and read_calibration(few) is None
    assert "Trained, but not calibrated" in caplog.text
    groups_of_others = tmp_path / "others.csv"
    groups_of_others.write_text("class,group\n갈비찜,찜\n", encoding="utf-8")
    with pytest.raises(KfoodError, match="has no group for 김밥"):
        train(load_recipe("mission1", [*SMALL, f"data.groups={groups_of_others}"], str(photos)), tmp_path / "runs")
