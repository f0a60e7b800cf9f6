"""Tables say what was found, and no more: verdicts, what is not finished, what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest

from kfood.report.study_page import write_study_page
from kfood.study.export import export_study
from kfood.study.outcome import Judged, Outcome
from kfood.study.plan import Way, plan_tables
from kfood.study.tables import NOT_COMPARABLE, table_results

N = 400


def judged(share: float, rng: np.random.Generator, photos: str = "same") -> Judged:
    right = rng.permutation(N) < share * N
    return Judged(share, 1.0, share, right, np.arange(N), photos)


def outcome(share: float, seed: int, photos: str = "same") -> Outcome:
    rng = np.random.default_rng(seed)
    return Outcome(f"runs/{seed}", "here", 60.0, 4, 3, share - 0.01, judged(share, rng), judged(share, rng, photos))


@pytest.fixture
def table(session):
    return plan_tables(session.terms, session.tables, Way.reported, {}, {})[0]


def outcomes_of(table, shares, photos=None):
    return {
        one.key: outcome(share, 10 * number + seed, (photos or {}).get(row.row.name, "same"))
        for number, (row, share) in enumerate(zip(table.rows, shares, strict=True))
        for seed, one in enumerate(row.trainings)
    }


def by_row(result, column):
    return dict(zip(result.rows["row"], result.rows[column], strict=True))


def test_a_far_worse_row_is_worse_and_a_like_one_cannot_be_told_apart(session, table):
    result = table_results(table, outcomes_of(table, [0.9, 0.895, 0.3]), {}, session.terms)
    assert result.winner == "8"
    assert by_row(result, "verdict") == {"8": "chosen", "16": "cannot be told apart", "4000": "worse"}
    assert by_row(result, "test")["16"] == pytest.approx(0.895)
    assert by_row(result, "n")["8"] == N and by_row(result, "seeds")["8"] == "2 of 2"
    assert by_row(result, "p")["4000"] < 0.05 < by_row(result, "p")["16"]
    assert by_row(result, "minutes")["8"] == pytest.approx(2)
    assert any("+0.0100" in sentence for sentence in result.sentences)  # best epoch above the last


def test_rows_that_are_not_finished_or_failed_say_so(session, table):
    done = outcomes_of(table, [0.9, 0.5, 0.3])
    del done[table.rows[1].trainings[1].key]
    lost = [one.key for one in table.rows[2].trainings]
    for key in lost:
        del done[key]
    result = table_results(table, done, dict.fromkeys(lost, "the batch is too large"), session.terms)
    assert by_row(result, "verdict")["16"] == "not finished: 1 of 2 seeds"
    assert by_row(result, "verdict")["4000"] == "failed: the batch is too large"
    assert "16" not in result.estimates and by_row(result, "verdict")["8"] == "chosen"


def test_rows_on_other_photos_are_not_compared(session, table):
    result = table_results(table, outcomes_of(table, [0.9, 0.5, 0.3], {"16": "others"}), {}, session.terms)
    assert by_row(result, "verdict")["16"] == "other photos"


def test_nothing_done_yet(session, table):
    result = table_results(table, {}, {}, session.terms)
    assert result.winner == "" and set(by_row(result, "verdict").values()) == {"not finished: 0 of 2 seeds"}


def with_report(terms, **changes):
    from kfood.study.schema import Reported

    reported = Reported(classes=2, valid=N, test=N, margin=0.05)
    budget = terms.budget.model_copy(update=changes.pop("budget", {}))
    return replace(
        terms, study=terms.study.model_copy(update={"reported": reported}), budget=budget, budget_name="full", **changes
    )


def test_the_report_is_compared_only_with_its_like(session, table):
    done = outcomes_of(table, [0.9, 0.5, 0.3])
    terms = with_report(session.terms)
    assert by_row(table_results(table, done, {}, terms), "against report")["8"].startswith("differs (valid +0.4000")
    fewer = with_report(session.terms, budget={"epochs": 0.5})
    result = table_results(table, done, {}, fewer)
    assert by_row(result, "against report")["8"] == NOT_COMPARABLE
    assert any("another budget" in sentence for sentence in result.sentences)
    assert by_row(result, "against report")["16"] == ""  # the report says nothing of it


def test_page_and_export_hold_the_tables_and_no_markup_of_the_data(session, table, tmp_path):
    row = table.rows[0].row.model_copy(update={"name": "<b>8|</b>"})
    odd = replace(table, rows=(replace(table.rows[0], row=row), *table.rows[1:]))
    results = [table_results(odd, outcomes_of(odd, [0.9, 0.895, 0.3]), {}, session.terms)]
    page = write_study_page(results, session.terms, session.standing(), tmp_path / "page.html").read_text("utf-8")
    assert "&lt;b&gt;8|&lt;/b&gt;" in page and "<b>8" not in page
    assert "This is not the full study. Budget: small" in page and "cannot be told apart" in page
    csv, markdown = export_study(results, tmp_path / "tables")
    assert csv.name == "batch-size.csv" and "<b>8|</b>" in csv.read_text("utf-8-sig")
    lines = markdown.read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 5 and len({line.replace("\\|", "").count("|") for line in rows}) == 1
