"""When "A or B" is the answer: chosen on validation alone, and what comes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from kfood.errors import KfoodError
from kfood.evaluation.predictions import is_right
from kfood.pairs.abstain import choose_abstention, figure_file, keep_abstention, share_of_two
from kfood.pairs.abstain_plot import draw_abstention
from kfood.pairs.abstain_table import abstention_verdict, areas, outcomes
from kfood.run.cannot_tell import read_rules, which_cannot_be_told
from kfood.run.folder import Run
from kfood.system.files import write_csv
from support.fake_run import fake_run
from support.two_runs import A, B, C


@pytest.fixture
def run(answers, tmp_path) -> Run:
    """Photos of A and C that are told apart the better the surer the answer is, and photos of B that are known."""
    run = fake_run(tmp_path / "runs" / "mission1" / "run", tmp_path / "photos", [A, B, C], draw=False)
    rng = np.random.default_rng(0)

    def of(split: str) -> pd.DataFrame:
        rows = [(B, (0.05, 0.9, 0.05))] * 30
        for label in (A, C) * 60:
            share = 1 - 0.5 * rng.random() ** 3
            first = (label == A) == (rng.random() < share)  # as sure as it says
            rows.append(
                (label, (0.9 * share, 0.1, 0.9 * (1 - share)) if first else (0.9 * (1 - share), 0.1, 0.9 * share))
            )
        return answers(*rows, split=split)

    table = pd.concat([of("valid"), of("test")], ignore_index=True).drop(columns="group")
    write_csv(run.predictions_file, table.assign(loss=0.1))
    write_csv(run.samples_file, table[["path", "split", "label"]].assign(area="", digest=""))
    run.record_checksums()
    return run


def test_the_threshold_is_that_of_the_photos_of_either_dish_on_validation(run):
    found = choose_abstention(run, (C, A), 0.9)
    assert found.pair == (A, C)
    told = found.valid[found.told(found.valid)]
    sure = share_of_two(told, found.pair) >= found.least
    assert (found.of_two.groups, found.of_two.answered) == (120, sure.sum())
    assert found.of_two.wrong == (~is_right(told[sure])).sum()
    assert binom.cdf(found.of_two.wrong, sure.sum(), 0.1) <= 0.05
    assert 0 < sure.sum() < len(told)
    assert choose_abstention(run, (C, A), 0.9, confidence=0.6).least < found.least
    assert found.of_all.groups == 150


def test_test_photos_choose_nothing(run):
    before = choose_abstention(run, (A, C), 0.9)
    table = run.predictions
    wrong = table["label"].mask(table["split"] == "test", table["label"].map({A: C, C: A, B: B}))
    write_csv(run.predictions_file, table.assign(label=wrong))
    run.record_checksums()
    after = choose_abstention(Run(run.folder), (A, C), 0.9)
    assert (after.least, after.least_of_all) == (before.least, before.least_of_all)
    assert is_right(after.test).mean() < is_right(before.test).mean()


def test_the_table_counts_what_is_answered(run):
    found = choose_abstention(run, (A, C), 0.9)
    table = outcomes(found).set_index(["split", "photos", "answer"])
    told = found.test[found.told(found.test)]
    sure = told[share_of_two(told, found.pair) >= found.least]
    row = table.loc[("test", "of either dish", "one or both")]
    assert row["answered"] == f"{len(sure)} of {len(told)}"
    assert row["right"].startswith(f"{is_right(sure).mean():.4f} (")
    assert row["both true"].startswith("1.0000")  # nobody took a third dish for one of the two
    assert table.loc[("test", "all", "one")]["answered"] == "150 of 150"


def test_the_words_and_the_picture(run):
    found = choose_abstention(run, (A, C), 0.9)
    text = " ".join(abstention_verdict(found))
    assert f'"{A} or {C}" is the answer where' in text
    assert "With 95 % confidence, the other answers are right in 0.9 of cases or more" in text
    assert "Of all dishes, with 95 % confidence" in text
    assert "of 120 photos of either dish are then told apart" in text
    area = areas(found).set_index("photos").loc["of either dish"]
    assert area["at best"] < area["AURC"] < area["by chance"]
    assert draw_abstention(found, figure_file(run, found.pair)).stat().st_size > 10_000


def test_what_cannot_be_promised_is_said(run):
    too_few = choose_abstention(run, (A, C), 0.99)
    assert too_few.least is None and too_few.of_two.needed == 299
    words = abstention_verdict(too_few)[0]
    assert "with 95 % confidence that takes 299 independent photos" in words
    assert words.endswith("there are 120 on validation. Ask for less.")
    assert not too_few.unsure(too_few.test).any()
    assert set(outcomes(too_few)["answer"]) == {"one"}
    enough = choose_abstention(run, (A, C), 0.975)
    assert enough.least is None and enough.of_two.needed < 120
    assert f"No rule for telling {A} and {C} apart" in abstention_verdict(enough)[0]


def test_the_rule_that_is_kept_says_of_each_photo_what_was_chosen(run):
    found = choose_abstention(run, (A, C), 0.9)
    keep_abstention(run, found)
    (rule,) = read_rules(run)
    assert (rule.pair, rule.least, rule.accuracy, rule.confidence) == ((A, C), found.least, 0.9, 0.95)
    columns = [f"p_{name}" for name in (A, B, C)]
    open_ones = [which_cannot_be_told([rule], [A, B, C], row) is not None for row in found.test[columns].to_numpy()]
    assert open_ones == found.unsure(found.test).tolist() and 0 < sum(open_ones) < len(open_ones)
    keep_abstention(run, choose_abstention(run, (A, C), 0.99))  # nothing can be promised
    assert read_rules(run) == []


def test_shots_of_a_plate_are_one_photo(run):
    table = run.predictions
    table["group"] = [f"{split} {number // 4}" for number, split in enumerate(table["split"])]
    write_csv(run.predictions_file, table)
    run.record_checksums()
    found = choose_abstention(Run(run.folder), (A, C), 0.9)
    assert found.of_two.groups == table.query("split == 'valid' and label != @B")["group"].nunique()


@pytest.mark.parametrize(
    ("pair", "accuracy", "words"),
    [
        ((A, "돼지갈비찝"), 0.9, f'no class "돼지갈비찝". Did you mean "{C}"'),
        ((A, A), 0.9, f"both are {A}"),
        ((A, C), 1.0, "accuracy that is wanted is 1: it must lie between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused(run, pair, accuracy, words):
    with pytest.raises(KfoodError) as raised:
        choose_abstention(run, pair, accuracy)
    assert words in str(raised.value)
