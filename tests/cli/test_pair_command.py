"""kfood pair, as a user types it."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest

from kfood.run.folder import Run
from support.small import SMALL
from support.two_runs import A, C

pytestmark = pytest.mark.slow


@pytest.fixture
def made(two_runs, kfood, tmp_path):
    """The two runs, and a cascade of them made by the command, with what it printed."""
    answer = kfood("pair", "cascade", two_runs.main.folder, two_runs.pair.folder, "--runs", tmp_path / "runs")
    assert answer.code == 0, answer.err
    (folder,) = (tmp_path / "runs" / "cascade").iterdir()
    return two_runs, Run(folder), answer


def test_find_names_the_pairs_and_what_they_cost(two_runs, kfood):
    answer = kfood("pair", "find", two_runs.main.folder)
    assert answer.code == 0, answer.err
    errors = (two_runs.main.predictions.query("split == 'test'").eval("label != predicted")).sum()
    assert f"of {errors} errors" in answer.out or "No dish was taken for another" in answer.out
    assert "by validation photos; test photos judge" in answer.out
    assert "can no longer judge" in " ".join(kfood("pair", "find", two_runs.main.folder, "--split", "test").out.split())


def test_a_cascade_is_a_run_like_any_other(made, kfood, here):
    two, run, answer = made
    assert "kfood interpret" in answer.out
    runs = ("--runs", run.folder.parents[1])
    assert run.folder.name in kfood("runs", "ls", *runs).out
    for command in (
        ("runs", "show", run.folder),
        ("runs", "compare", run.folder, two.main.folder),
        ("interpret", run.folder, "--top-losses"),
        ("interpret", run.folder, "--confusion"),
        ("predict", two.main.recipe.data.root, run.folder, "--out", "predicted.csv"),
        ("report", run.folder),
    ):
        found = kfood(*command)
        assert found.code == 0, (command, found.err)
    assert (run.folder / "report.html").stat().st_size > 10_000


def test_abstain_writes_a_picture(two_runs, kfood):
    answer = kfood("pair", "abstain", two_runs.main.folder, "--pair", A, C, "--accuracy", "0.8")
    assert answer.code == 0, answer.err
    assert f'"{A} or {C}"' in answer.out or "ask for less" in answer.out
    assert (two_runs.main.figures / f"abstain-{A}-{C}.png").exists()


def test_remedies_prints_a_table_and_writes_it(two_runs, kfood, here):
    settings = [word for setting in SMALL for word in ("--set", setting)]
    data = ("--data", two_runs.main.recipe.data.root)
    pair = [unicodedata.normalize("NFD", name) for name in (A, C)]  # as a Mac's terminal hands them over
    answer = kfood("pair", "remedies", "mission1", "--pair", *pair, "--seeds", 1, "--only", "mixup", *data, *settings)
    assert answer.code == 0, answer.err
    assert f"test photos of {A} and {C}, 1 seed, 95 % intervals" in answer.out
    assert pd.read_csv(here / "remedies.csv")["remedy"].tolist() == ["nothing", "mixup"]


def test_what_is_not_there_is_told_in_a_sentence(two_runs, kfood):
    main = two_runs.main.folder
    for command, words in (
        (("pair", "find", main, "--split", "tset"), 'Did you mean "test"'),
        (("pair", "find", "nowhere"), "There is no finished run"),
        (("pair", "abstain", main, "--pair", A, "돼지갈비짐"), f'Did you mean "{C}"'),
        (("pair", "cascade", main, main), "two classes"),
    ):
        answer = kfood(*command)
        assert answer.code == 2, command
        assert answer.err.startswith("Error: ") and words in answer.err
        assert "Traceback" not in answer.err
