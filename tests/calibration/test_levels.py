"""A dish, or else its group, as the answer: how often what is answered is less accurate than was promised."""

from __future__ import annotations

import numpy as np
import pytest

from kfood.calibration.answers import answer_photos
from kfood.calibration.fit import Wanted, calibrate_run
from kfood.calibration.judged import Judged
from kfood.calibration.levels import DISH, GROUP, UNSURE, fit_levels
from kfood.calibration.levels_table import groups_table, levels_sentences, levels_table
from kfood.errors import KfoodError
from support.gaussian_scores import CLASSES, draw_photos, probabilities

GROUPS = ["a", "a", "a", "b", "b", "b"]


def judged(rng, n: int) -> Judged:
    photos = draw_photos(rng, n)
    return Judged([str(each) for each in range(n)], probabilities(photos), photos.labels, np.arange(n))


def answered(levels, photos: Judged) -> tuple[np.ndarray, np.ndarray]:
    """The level of each photo, and whether the answer is right."""
    level = levels.level_of(photos.probabilities)
    dish = photos.probabilities.argmax(axis=1)
    group = levels.of_groups(photos.probabilities).argmax(axis=1)
    numbers = np.array([levels.names.index(name) for name in GROUPS])
    return level, np.where(level == GROUP, group == numbers[photos.labels], dish == photos.labels)


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_what_is_answered_is_rarely_less_accurate_than_was_promised(wanted):
    rng = np.random.default_rng(0)
    many = judged(np.random.default_rng(99), 20_000)
    missed, shares = 0, []
    for _ in range(200):
        levels = fit_levels(judged(rng, 200), GROUPS, wanted)
        level, right = answered(levels, many)
        shares.append(((level == DISH).mean(), (level == GROUP).mean()))
        missed += (level != UNSURE).any() and right[level != UNSURE].mean() < wanted
    assert missed <= 0.05 * 200 + 6
    dish, group = np.mean(shares, axis=0)
    assert dish > 0.1 and group > 0.01  # and it does answer


def test_a_group_is_answered_only_where_no_dish_is():
    levels = fit_levels(judged(np.random.default_rng(1), 400), GROUPS, 0.9)
    two = np.zeros((3, CLASSES))
    two[0, 0], two[1, [0, 1]], two[2, [0, 3]] = 1, 0.5, 0.5
    assert levels.level_of(two).tolist() == [DISH, GROUP, UNSURE]
    assert levels.of_groups(two).tolist() == [[1, 0], [1, 0], [0.5, 0.5]]


def test_without_groups_it_is_a_dish_or_nothing():
    photos = judged(np.random.default_rng(2), 300)
    levels = fit_levels(photos, [], 0.9)
    assert set(levels.level_of(photos.probabilities)) == {DISH, UNSURE}
    assert len(levels_sentences(photos, levels)) == 1
    assert "group" not in set(levels_table(photos, photos, levels)["answered"])


def test_tables_count_what_they_say():
    valid, test = (judged(np.random.default_rng(seed), 300) for seed in (3, 4))
    levels = fit_levels(valid, GROUPS, 0.9)
    level, right = answered(levels, test)
    table = levels_table(valid, test, levels)
    of_test = table[table["split"] == "test"].set_index("answered")
    assert of_test.loc["group", "photos"] == (level == GROUP).sum()
    assert of_test.loc["dish or group", "right"] == pytest.approx(right[level != UNSURE].mean())
    assert of_test.loc[[DISH, GROUP, UNSURE], "photos"].sum() == 300
    groups = groups_table(test, levels)
    wrong = test.probabilities.argmax(axis=1) != test.labels
    assert groups[["within", "across"]].to_numpy().sum() == wrong.sum()
    assert (
        f"Of {wrong.sum()} wrong test photos, {groups['within'].sum()} are taken" in levels_sentences(test, levels)[2]
    )


@pytest.mark.parametrize("accuracy", [0, 1, 1.5])
def test_an_accuracy_outside_of_0_to_1_is_refused(accuracy):
    with pytest.raises(KfoodError, match="must lie between 0 and 1"):
        fit_levels(judged(np.random.default_rng(0), 50), [], accuracy)


def test_the_run_answers_by_its_table_of_groups(modest_run, tmp_path):
    run = modest_run(valid=300)
    file = tmp_path / "groups.csv"
    dishes = [name.removeprefix("p_") for name in run.predictions if name.startswith("p_")]
    lines = [f"{name},{group}" for name, group in zip(dishes, ["찜", "밥", "찌개", "찌개", "국", "국"], strict=True)]
    file.write_text("\n".join(["class,group", *lines]), encoding="utf-8")
    found = calibrate_run(run, Wanted(accuracy=0.9, groups=file))
    assert found.levels.groups == ["찜", "밥", "찌개", "찌개", "국", "국"]
    rows = np.zeros((2, CLASSES))
    rows[0, 0], rows[1, [2, 3]] = 1, (0.55, 0.45)
    said = answer_photos(found, rows)
    assert list(zip(said.level, said.names, strict=True)) == [(DISH, dishes[0]), (GROUP, "찌개")]
    assert said.sets[:, [0, 2]].tolist() == [[True, False], [False, True]]
    file.write_text("class,group\n갈비찜,찜\n", encoding="utf-8")
    with pytest.raises(KfoodError, match="has no group for 김밥"):
        calibrate_run(run, Wanted(groups=file))
