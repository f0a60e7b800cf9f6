"""When "A or B" is the answer, as a run's folder says it."""

from __future__ import annotations

import numpy as np
import pytest

from kfood.errors import RunError
from kfood.run.cannot_tell import CannotTell, read_rules, set_rule, which_cannot_be_told
from kfood.run.folder import Run

CLASSES = ["갈비찜", "김밥", "돼지갈비찜"]
RULE = CannotTell(("갈비찜", "돼지갈비찜"), 0.8, 0.95, 0.9)


@pytest.mark.parametrize(
    ("probabilities", "pair"),
    [
        ([0.6, 0.1, 0.3], ("갈비찜", "돼지갈비찜")),
        ([0.3, 0.1, 0.6], ("돼지갈비찜", "갈비찜")),
        ([0.8, 0.1, 0.1], None),  # 8 / 9 of the two's
        ([0.3, 0.4, 0.3], None),  # a third one is likelier
        ([0.4, 0.1, 0.1], None),  # just the share that is asked for
        ([0.0, 0.0, 0.0], ("갈비찜", "돼지갈비찜")),
    ],
)
def test_the_share_of_the_two_decides(probabilities, pair):
    assert which_cannot_be_told([RULE], CLASSES, probabilities) == pair
    assert which_cannot_be_told([], CLASSES, probabilities) is None


def test_of_several_rules_the_least_sure_pair_counts():
    other = CannotTell(("갈비찜", "김밥"), 0.8, 0.95, 0.9)
    assert which_cannot_be_told([RULE, other], CLASSES, [0.4, 0.35, 0.25]) == ("갈비찜", "김밥")
    assert which_cannot_be_told([RULE, other], CLASSES, [0.4, 0.25, 0.35]) == ("갈비찜", "돼지갈비찜")


def test_a_rule_about_other_classes_says_nothing():
    assert which_cannot_be_told([CannotTell(("a", "b"), 1.0, 0.9, 0.9)], CLASSES, [1, 0, 0]) is None


def test_a_rule_is_kept_replaced_and_taken_away(tmp_path):
    run = Run(tmp_path)
    assert read_rules(run) == []
    set_rule(run, RULE.pair, RULE)
    assert read_rules(run) == [RULE]
    other = CannotTell(("a", "b"), 0.7, 0.9, 0.9)
    newer = CannotTell(("돼지갈비찜", "갈비찜"), 0.6, 0.9, 0.9)
    set_rule(run, other.pair, other)
    set_rule(run, newer.pair, newer)
    assert read_rules(Run(tmp_path)) == [other, newer]
    set_rule(run, RULE.pair, None)
    assert read_rules(Run(tmp_path)) == [other]


@pytest.mark.parametrize(
    "text", ["", "[1]", "{}x", '[{"pair": ["a", "b"], "least": 7, "accuracy": 1, "confidence": 1}]']
)
def test_a_damaged_file_is_named(tmp_path, text):
    Run(tmp_path).cannot_tell_file.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"cannot_tell\.json is damaged"):
        read_rules(Run(tmp_path))


def test_a_file_that_changed_since_is_not_believed(tmp_path):
    file = set_rule(Run(tmp_path), RULE.pair, RULE)
    file.write_text(file.read_text(encoding="utf-8").replace("0.8", "0.1"), encoding="utf-8")
    with pytest.raises(RunError, match="is not what kfood wrote"):
        read_rules(Run(tmp_path))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_tempered_rule_says_the_same_of_tempered_probabilities(temperature):
    rng = np.random.default_rng(0)
    classes, rule = ["a", "b", "c"], CannotTell(("a", "b"), 0.8, 0.95, 0.95)
    logits = rng.normal(size=(500, 3))
    said = []
    for rules, power in (([rule], 1.0), ([rule.tempered(temperature)], 1 / temperature)):
        raised = np.exp(logits * power)
        rows = raised / raised.sum(1, keepdims=True)
        said.append([which_cannot_be_told(rules, classes, row) for row in rows])
    assert said[0] == said[1] and 50 < sum(map(bool, said[0])) < 450
    for least in (0.5, 1.0):
        assert CannotTell(("a", "b"), least, 0.95, 0.95).tempered(temperature).least == least
