"""Tables say what was found, and no more: verdicts, what is not finished, what cannot be compared."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from kfood.data.prepare import Photos
from kfood.statistics.estimates import estimate
from kfood.study.schema import Reported
from kfood.study.tables import COLUMNS, NOT_COMPARABLE
from support.made_study import N, made_outcome, made_study


@pytest.fixture(autouse=True)
def classes(monkeypatch):
    """Photos of as many classes as the report had; nothing is read from disk."""
    names = [f"{number:02}" for number in range(42)]
    found = SimpleNamespace(samples=pd.DataFrame({"label": names, "digest": "", "split": "train"}))
    monkeypatch.setattr("kfood.data.prepare.prepare_samples", lambda data, look_ahead=None: found)
    return found


def by_row(result, column):
    return dict(zip(result.numbers["row"], result.numbers[column], strict=True))


def said(study):
    return " ".join(study.result().sentences)


def test_the_numbers_of_a_row_are_those_of_its_trainings():
    study = made_study({"a": [0.9, 0.84], "b": [0.3, 0.28]})
    result = study.result()
    assert list(result.numbers.columns) == COLUMNS
    row = result.numbers.set_index("row").loc["a"]
    assert (row["valid"], row["test"], row["loss"]) == pytest.approx((0.87, 0.87, 1.5), abs=0.003)
    assert (row["n"], row["seeds done"], row["seeds"], row["macro-F1"], row["minutes"]) == (N, 2, 2, 0.5, 2)
    assert row["low"] < 0.8 and row["high"] > 0.9  # two trainings that far apart say little of a third
    assert by_row(result, "difference")["b"] == pytest.approx(-0.58, abs=0.003)
    assert by_row(result, "difference high")["b"] < 0 and by_row(result, "p")["b"] < 0.05
    assert pd.isna(by_row(result, "difference")["a"])
    assert result.folders == {"a": ["runs/0", "runs/1"], "b": ["runs/10", "runs/11"]}


def test_a_far_worse_row_is_worse_and_a_like_one_cannot_be_told_apart():
    result = made_study({"like": [0.895, 0.895], "best": [0.9, 0.9], "poor": [0.3, 0.3]}).result()
    assert result.winner == "best"
    assert by_row(result, "verdict") == {"like": "cannot be told apart", "best": "chosen", "poor": "worse"}
    assert result.rows.loc[2, "against winner"].startswith("-0.6000 (-0.")
    assert result.rows["p"].tolist() == [f"{by_row(result, 'p')['like']:.4f}", "", "< 0.0001"]  # no chance is 0


def test_a_row_that_cannot_be_told_apart_says_what_would_have_been_seen():
    study = made_study({"like": [0.895, 0.895], "best": [0.9, 0.9], "poor": [0.3, 0.3]})
    result = study.result()
    seen = by_row(result, "detectable")
    assert pd.isna(seen["best"]) and 0.005 < seen["like"] < 0.6
    assert result.rows["would be seen"].tolist() == [f"{seen['like']:.4f}", "", ""]
    assert "are not proved equal" in said(study) and f"a difference of {seen['like']:.4f} would have been" in said(
        study
    )


def test_it_is_chosen_on_validation_and_may_be_worse_on_test():
    study = made_study({"chosen": [0.8, 0.8], "other": [0.7, 0.7]})
    for key in ("0-0", "0-1"):
        study.outcomes[key] = replace(study.outcomes[key], test=made_outcome(0.2, 5).test)
    result = study.result()
    assert result.winner == "chosen" and by_row(result, "verdict") == {"chosen": "chosen", "other": "better"}


def test_rows_that_are_not_finished_or_failed_say_so_and_are_not_compared():
    study = made_study({"a": [0.5, 0.5], "half": [0.9], "lost": []}, failed={"lost": "the batch is too large"})
    result = study.result()
    verdicts = {"a": "chosen", "half": "not finished: 1 of 2 seeds", "lost": "failed: the batch is too large"}
    assert by_row(result, "verdict") == verdicts
    assert by_row(result, "test")["half"] == pytest.approx(0.9)  # shown, though it chooses nothing
    assert pd.isna(by_row(result, "low")["half"]) and by_row(result, "seeds done")["lost"] == 0
    assert by_row(result, "n") == {"a": N, "half": N, "lost": None}
    assert result.rows.loc[1, "seeds"] == "1 of 2" and result.rows.loc[2, "95 % interval"] == ""


def test_rows_on_other_photos_are_not_compared():
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3]})
    study.outcomes |= {key: made_outcome(0.3, 7, "others") for key in ("1-0", "1-1")}
    result = study.result()
    assert by_row(result, "verdict")["b"] == "other photos" and pd.isna(by_row(result, "p")["b"])


def test_nothing_done_yet_names_the_budget_all_the_same():
    study = made_study({"a": [], "b": []}, about="small: a little", budget_name="small", report={"a": {"valid": 0.5}})
    result = study.result()
    assert result.winner == "" and set(by_row(result, "verdict").values()) == {"not finished: 0 of 2 seeds"}
    assert "Budget: small: a little." in result.sentences
    assert "No row has all its seeds yet" in said(study) and "not comparable: another budget" in said(study)


REPORT = {"a": {"valid": 0.8, "test": 0.9}, "b": {"valid": 0.8}}


def test_the_report_is_compared_on_test_where_it_has_a_figure_else_on_validation():
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3], "c": [0.9, 0.9]}, report=REPORT)
    result = study.result()
    assert by_row(result, "against report") == {"a": "reproduced", "b": "differs", "c": None}
    assert by_row(result, "report split") == {"a": "test", "b": "valid", "c": None}
    assert by_row(result, "report difference")["b"] == pytest.approx(-0.5)
    assert result.rows.loc[1, "against report"].startswith("differs (valid -0.5000 (-0.")
    margin = by_row(result, "report margin")["a"]
    assert result.rows.loc[0, "against report"].endswith(f", margin {margin:g})")
    assert (
        f"Reproduced means: the whole 95 % interval of our accuracy less the report's lies within -{margin:g}"
        in said(study)
    )
    assert "not comparable" not in said(study)


def test_how_trainings_spread_is_known_of_all_rows():
    study = made_study({"a": [0.9, 0.8], **{f"row{number}": [0.85, 0.85] for number in range(6)}})
    row = study.result().numbers.set_index("row").loc["row0"]
    found = [study.outcomes[key].test for key in ("1-0", "1-1")]
    alone = estimate([one.right for one in found], found[0].groups)
    assert row["high"] - row["low"] > alone.high - alone.low


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"budget_name": "small"}, "another budget"),
        ({"data": "demo"}, "these are drawings"),
    ],
)
def test_the_report_is_not_compared_on_other_terms(changes, reason):
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3]}, report=REPORT, **changes)
    assert set(by_row(study.result(), "against report").values()) == {NOT_COMPARABLE}
    assert said(study).count(f"The report's figures are not comparable: {reason}.") == 1


@pytest.mark.parametrize(
    "change", [{"epochs": 0.5}, {"settings": {"data": {"size": 64}}}, {"start_settings": {"x": 1}}]
)
def test_a_budget_that_makes_anything_smaller_is_another_one_whatever_it_is_called(change):
    study = made_study({"a": [0.9, 0.9]}, report=REPORT)
    study.terms = replace(study.terms, budget=study.terms.budget.model_copy(update=change))
    assert by_row(study.result(), "against report") == {"a": NOT_COMPARABLE}


def test_the_report_is_not_compared_on_other_data(classes):
    study = made_study({"a": [0.9, 0.9]}, report=REPORT)
    like = study.terms.study.reported

    def with_reported(**figures):
        update = {"reported": like.model_copy(update=figures)}
        # Photos are looked at once for the same terms: these are others.
        study.terms = replace(study.terms, study=study.terms.study.model_copy(update=update), photos=Photos())
        return by_row(study.result(), "against report")["a"], said(study)

    assert with_reported(test=408)[0] != NOT_COMPARABLE  # within 2 %
    verdict, words = with_reported(test=409)
    assert verdict == NOT_COMPARABLE and "other data, 400 test photos where the report had 409" in words
    classes.samples = classes.samples.iloc[:13]
    verdict, words = with_reported(test=N)
    assert verdict == NOT_COMPARABLE and "other data, 13 classes where the report had 42" in words


def test_a_table_of_other_photos_says_itself_what_the_report_measured_on(classes):
    study = made_study({"a": [0.9, 0.9]}, report=REPORT)
    classes.samples = classes.samples.iloc[:2]
    assert by_row(study.result(), "against report")["a"] == NOT_COMPARABLE
    pair = study.planned.table.model_copy(update={"reported": Reported(classes=2, valid=N, test=N)})
    study.planned = replace(study.planned, table=pair)
    assert by_row(study.result(), "against report")["a"] in ("reproduced", "cannot be told apart")


def test_only_the_row_on_other_photos_is_not_comparable():
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3]}, report=REPORT)
    for key in ("1-0", "1-1"):
        few = made_outcome(0.3, 7, "few").test
        study.outcomes[key] = replace(
            study.outcomes[key], test=replace(few, right=few.right[:100], groups=few.groups[:100])
        )
    assert by_row(study.result(), "against report") == {"a": "reproduced", "b": NOT_COMPARABLE}
    assert "figures of b are not comparable: other data, 100 test photos" in said(study)


def test_without_a_report_nothing_is_said_of_one():
    study = made_study({"a": [0.9, 0.9]}, reported=False)
    assert by_row(study.result(), "against report") == {"a": None} and "The report" not in said(study)


def test_the_choice_of_the_epoch_and_a_lone_seed_are_told():
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3]})
    assert "the best epoch's less the last one's, both on validation, is +0.0100 (+0.0" in said(study)
    assert "test accuracy is +0.0000 (-0.0" in said(study) and "With one seed" not in said(study)
    assert "nothing is known of what another training" in said(made_study({"a": [0.9]}, seeds=1))


def test_a_gap_of_nothing_has_no_minus():
    study = made_study({"a": [0.5, 0.5]})
    for key, outcome in study.outcomes.items():
        study.outcomes[key] = replace(outcome, last_valid=outcome.valid.accuracy + 1e-9)
    assert "both on validation, is +0.0000" in said(study) and "-0.0000" not in said(study)
