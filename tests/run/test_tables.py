"""The list of runs: what each came to, or why it did not."""

import pandas as pd
import pytest

from kfood.run.folder import FAILED, INTERRUPTED
from kfood.run.tables import measures, run_list
from support.fake_run import fake_run


@pytest.fixture
def runs(tmp_path):
    made = [
        fake_run(tmp_path / "mission1" / f"2026112{n}-120000-abcd", tmp_path / "photos", ["갈비찜", "김밥"])
        for n in range(3)
    ]
    return made


def test_finished_runs_alone_have_no_column_for_failures(runs):
    table = pd.DataFrame(run_list(runs))
    assert list(table) == ["run", "status", "epochs", "valid", "test", "95 % interval", "n", "data"]
    assert table["data"].tolist() == [run.recipe.data.root for run in runs]
    assert table["test"].tolist() == [run.metrics["test"]["accuracy"] for run in runs]


def test_a_failed_run_says_why_and_how_far_it_came(runs):
    done, failed, interrupted = runs
    failed.status_file.write_text(
        f"{FAILED}: {failed.folder}/history.csv cannot be written: the disk is full. " + "x" * 99
    )
    interrupted.status_file.write_text(INTERRUPTED)
    interrupted.history_file.unlink()
    table = pd.DataFrame(run_list(runs))
    assert table["status"].tolist() == ["done", FAILED, INTERRUPTED]
    assert table["epochs"].tolist() == [3, 3, 0]
    assert table["why"].isna().tolist() == [True, False, True]
    assert table["why"][1].startswith("history.csv cannot be written: the disk is full. xxx")
    assert len(table["why"][1]) == 81 and table["why"][1].endswith("…")
    n = run_list(runs)[0]["n"]
    assert n == done.metrics["test"]["n"] and isinstance(n, int)


def test_of_runs_that_all_failed_only_that_is_shown(runs):
    for run in runs:
        run.status_file.write_text(f"{FAILED}: the disk is full")
    assert list(pd.DataFrame(run_list(runs))) == ["run", "status", "epochs", "why"]


def test_measures_have_the_intervals_of_the_metrics(runs):
    table = measures(runs[0]).set_index(["split", "measure"])
    test = runs[0].metrics["test"]
    found = table.loc[("test", "balanced accuracy")]
    assert found["value"] == pytest.approx(test["balanced_accuracy"])
    assert found["low"] < found["value"] <= found["high"]
    assert set(table.loc["test"].index) == {"accuracy", "balanced accuracy", "macro-F1", "loss"}  # of two classes
    assert table.loc[("valid", "loss"), "n"] == runs[0].metrics["valid"]["n"]
