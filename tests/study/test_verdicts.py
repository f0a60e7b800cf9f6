"""Verdicts on a table's rows, and how often a table of equal rows gets one that is wrong."""

import numpy as np
import pytest

from kfood.statistics.tests import holm
from kfood.study.verdicts import BETTER, CHOSEN, SAME, WORSE, choose_winner, verdicts
from support.drawn_answers import drawn_answers

pytestmark = pytest.mark.slow


def test_the_winner_has_the_highest_mean_and_the_first_of_equals_wins():
    assert choose_winner([[0.7, 0.8], [0.9, 0.8], [0.9, 0.75]]) == 1
    assert choose_winner([[0.1], [0.5], [0.5]]) == 1
    assert choose_winner([[0.7, 0.1, 0.2], [0.2, 0.1, 0.7]]) == 0  # their sums differ in the last bit


def test_holm_as_worked_out_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.02, 0.02, 0.02]) == pytest.approx([0.06, 0.06, 0.06])  # ties
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.2]) == pytest.approx([0.2])
    assert holm([]).size == 0


def test_holm_against_a_chosen_row_counts_all_pairs():
    # four rows: 6 pairs, then 3, then 1
    assert holm([0.02, 0.001, 0.3], chosen=True) == pytest.approx([0.06, 0.006, 0.3])
    assert holm([0.03], chosen=True) == pytest.approx([0.03])


@pytest.mark.parametrize("chosen", [False, True])
def test_holm_keeps_the_order_and_lowers_nothing(chosen):
    p = np.random.default_rng(0).random(30) ** 3
    adjusted = holm(p, chosen)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
    shuffled = np.random.default_rng(1).permutation(30)
    assert holm(p[shuffled], chosen) == pytest.approx(adjusted[shuffled])


@pytest.mark.parametrize("seeds", [1, 3])
def test_clear_differences_are_named_and_the_chosen_row_is_itself(seeds):
    accuracies = np.array([0.5, 0.8, 0.8, 0.95])
    rows = drawn_answers(np.random.default_rng(2), 1, 4, seeds, 600, accuracies, luck=0.02)[0]
    found = verdicts(rows, 1, np.arange(600))
    assert [one.verdict for one in found] == [WORSE, CHOSEN, SAME, BETTER]
    assert found[1].difference.mean == 0
    assert found[1].p == 1
    assert found[0].difference.mean == pytest.approx(rows[0].mean() - rows[1].mean())
    adjusted = holm([found[number].difference.p for number in (0, 2, 3)], chosen=seeds > 1)
    assert [found[number].p for number in (0, 2, 3)] == pytest.approx(list(adjusted))


def test_rows_that_answer_alike_cannot_be_told_apart():
    row = drawn_answers(np.random.default_rng(3), 1, 1, 3, 200)[0, 0]
    assert [one.verdict for one in verdicts([row, row, row], 2, np.arange(200))] == [SAME, SAME, CHOSEN]


def test_a_table_of_one_row_has_only_the_chosen():
    row = drawn_answers(np.random.default_rng(3), 1, 1, 3, 200)[0, 0]
    assert [one.verdict for one in verdicts([row], 0, np.arange(200))] == [CHOSEN]


def told_apart(tables, rows, seeds, photos, accuracy, luck):
    """For each table the verdicts; the winner is chosen on other photos, of the same trainings with the same luck."""
    rng = np.random.default_rng(seeds)
    lucks = rng.standard_normal((tables, rows, seeds))
    valid, test = (
        drawn_answers(rng, tables, rows, seeds, photos, accuracy, luck=luck, alike=0.95, lucks=lucks) for _ in range(2)
    )
    groups = np.arange(photos)
    return [verdicts(judged, choose_winner(chosen.mean(2)), groups) for chosen, judged in zip(valid, test, strict=True)]


def false_alarms(found):
    return np.mean([any(one.verdict not in (SAME, CHOSEN) for one in table) for table in found])


@pytest.mark.parametrize(("seeds", "luck"), [(1, 0.0), (2, 0.1), (3, 0.0), (3, 0.4)])
def test_a_table_of_eight_equal_rows_rarely_has_any_told_apart(seeds, luck):
    assert false_alarms(told_apart(200, 8, seeds, 300, 0.85, luck)) <= 0.085  # 0.05, 2.5 standard errors of 200


def test_nor_where_the_trainings_of_one_row_spread_ten_times_as_much():
    assert false_alarms(told_apart(250, 5, 3, 300, 0.85, np.array([0.05] * 4 + [0.5]))) <= 0.085


def test_a_row_that_is_worse_by_a_tenth_is_found_with_three_seeds():
    found = told_apart(60, 6, 3, 400, np.array([0.85] * 5 + [0.75]), 0.1)
    assert np.mean([table[5].verdict == WORSE for table in found]) > 0.8
