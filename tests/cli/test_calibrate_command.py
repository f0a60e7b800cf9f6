"""`kfood calibrate`: what it prints, and what it refuses in a sentence."""

from __future__ import annotations

import shutil

import pytest

from kfood.run.folder import Run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(two_runs, here) -> Run:
    return Run(shutil.copytree(two_runs.main.folder, here / "runs" / "mission1" / "run"))


def test_it_says_what_it_fitted_and_where_that_is(kfood, run):
    answer = kfood(
        "calibrate", run.folder, "--coverage", "0.8", "--sets", "aps", "--refuse", "0.1", "--accuracy", "0.7"
    )
    assert answer.code == 0, answer.err
    for words in ("ECE, 15 bins", "Sets at 80%", "aps", "What is answered", '"None of these dishes"', "Stored: "):
        assert words in answer.out
    assert run.calibration_file.is_file() and (run.figures / "calibrated.png").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--coverage", "1.2"], "The coverage that is wanted is 1.2: it must lie between 0 and 1"),
        (["--coverage", "0.99"], "A coverage of 0.99 needs 99 validation photos of different plates"),
        (["--refuse", "0.001"], "999 validation photos of different plates are needed"),
        (["--sets", "laq"], 'Did you mean "lac"?'),
        (["--by-class", "--coverage", "0.9"], "in each class needs 9 validation photos"),
        (["--accuracy", "2"], "must lie between 0 and 1"),
        (["--groups", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(kfood, run, options, words):
    answer = kfood("calibrate", run.folder, *options)
    assert answer.code == 2 and answer.out == ""
    assert answer.err.startswith("Error: ") and answer.err.count("\n") == 1
    assert words in answer.err
    assert not run.calibration_file.exists()
