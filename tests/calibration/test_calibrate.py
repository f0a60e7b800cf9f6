"""A calibration: fitted on validation alone, stored with the run, read again, and refused where it cannot be."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import kfood
from kfood.calibration.findings import judge_calibration
from kfood.calibration.fit import Wanted, at_temperature, calibrate_run
from kfood.calibration.judged import judged_split
from kfood.calibration.stored import read_calibration
from kfood.errors import KfoodError, RunError
from kfood.run.folder import Run
from kfood.system.files import read_csv


def test_what_is_fitted_is_stored_and_read_again(modest_run):
    run = modest_run()
    found = calibrate_run(run, Wanted(coverage=0.8, sets="aps"))
    assert found.temperature.value == pytest.approx(0.5, rel=0.25)
    read = read_calibration(Run(run.folder))
    assert (read.temperature, read.classes, read.weights) == (found.temperature, found.classes, found.weights)
    assert (read.sets.kind, read.sets.coverage, read.sets.by_class) == ("aps", 0.8, False)
    assert (read.sets.scores == found.sets.scores).all()
    assert json.loads(run.calibration_file.read_text())["temperature"]["value"] == found.temperature.value


def test_what_it_answers_on_test_is_written(modest_run):
    run = modest_run()
    found = calibrate_run(run)
    table = read_csv(run.calibrated_file, text=["path", "label", "predicted", "answer", "level", "set"])
    test = at_temperature(judged_split(run, "test"), found.temperature.value)
    assert table["path"].tolist() == test.paths
    assert table["probability"].to_numpy() == pytest.approx(test.probabilities.max(axis=1), abs=1e-6)
    hits = [row.label in row.set.split("|") for row in table.itertuples()]
    assert np.mean(hits) == pytest.approx(0.9, abs=0.08)
    answered = table["level"] == "dish"
    assert (table.loc[answered, "answer"] == table.loc[answered, "predicted"]).all()
    assert (table.loc[~answered, "answer"] == "").all()


def test_test_photos_have_no_part_in_it(modest_run):
    first = calibrate_run(modest_run(test=200, name="a"))
    second = calibrate_run(modest_run(test=60, name="b"))
    assert first.temperature == second.temperature
    assert (first.sets.scores == second.sets.scores).all()


def test_on_test_the_probabilities_hold_and_the_sets_keep_what_they_say(modest_run):
    run = modest_run(valid=300, test=600)
    said = judge_calibration(run, calibrate_run(run))
    scores = said.tables["Probabilities on test, before and after (95 % intervals)"].set_index("score")
    assert (scores["after"] < scores["before"]).all()
    assert scores["before_low"].iloc[0] > 0 == scores["after_low"].iloc[0]
    sets = next(table for title, table in said.tables.items() if title.startswith("Sets at 90%"))
    assert sets["sets"].tolist() == ["lac", "lac", "aps", "aps"]
    assert ((sets["low"] < 0.94) & (sets["high"] > 0.87)).all()
    assert (sets.loc[sets["sets"] == "aps", "empty"] == 0).all()
    assert "within what chance allows" in said.text[1]
    assert all(figure.is_file() for figure in said.figures.values())


def test_python_says_what_the_command_says(modest_run):
    run = modest_run()
    said = kfood.calibrate(run, coverage=0.8)
    assert read_calibration(run).sets.coverage == 0.8
    assert any(title.startswith("Sets at 80%") for title in said.tables)


def test_shots_of_a_plate_count_once(modest_run):
    run = modest_run(valid=600, test=400, shots=4)
    assert len(calibrate_run(run).sets.scores) == 150


def test_another_coverage_needs_no_new_fit(modest_run):
    run = modest_run()
    found = calibrate_run(run)
    test = judged_split(run, "test")
    small, large = (found.sets.members(test.probabilities, wanted) for wanted in (0.5, 0.99))
    assert (small <= large).all()
    assert large[np.arange(len(test.labels)), test.labels].mean() > 0.96
    with pytest.raises(
        KfoodError, match="A coverage of 0.999 needs 999 validation photos of different plates; there a"
    ):
        found.sets.members(test.probabilities, 0.999)


@pytest.mark.parametrize(
    ("photos", "wanted", "words"),
    [
        ({"valid": 8}, Wanted(), "A coverage of 0.9 needs 9 validation photos of different plates; there are 8"),
        ({"valid": 60, "shots": 10}, Wanted(), "needs 9 validation photos of different plates; there are 6"),
        (
            {"valid": 120},
            Wanted(0.97, by_class=True),
            "needs 33 validation photos of different plates of each; of 갈비",
        ),
        ({"valid": 0}, Wanted(), "no validation photos"),
        ({"test": 0}, Wanted(), "no test photos"),
        ({}, Wanted(coverage=1.0), "The coverage that is wanted is 1: it must lie between 0 and 1"),
        ({}, Wanted(coverage=math.nan), "must lie between 0 and 1"),
        ({}, Wanted(sets="lap"), 'Did you mean "lac"?'),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(modest_run, photos, wanted, words):
    run = modest_run(**photos)
    with pytest.raises(KfoodError) as refused:
        calibrate_run(run, wanted)
    assert words in str(refused.value)
    assert not run.calibration_file.exists()
    assert read_calibration(run) is None


def test_damage_is_named(modest_run):
    run = modest_run()
    calibrate_run(run)
    content = run.calibration_arrays_file.read_bytes()
    run.calibration_arrays_file.write_bytes(content[:-1] + b"x")
    with pytest.raises(RunError, match=r"calibration\.safetensors is damaged"):
        read_calibration(run)
    run.calibration_arrays_file.unlink()
    with pytest.raises(RunError, match=r"calibration\.safetensors is missing"):
        read_calibration(run)
    run.calibration_arrays_file.write_bytes(content)
    run.weights_file.write_bytes(b"others")
    with pytest.raises(RunError, match="does not belong to the files beside it. Calibrate again: kfood calibrate"):
        read_calibration(run)
    run.checksums.drop(run.calibration_file)
    run.calibration_file.write_text('{"format": 9}')
    with pytest.raises(RunError, match="of another version of kfood"):
        read_calibration(run)
