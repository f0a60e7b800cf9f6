"""Answering only where it is sure: areas against counts over all orders."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest

from kfood.pairs import selective
from kfood.pairs.selective import aurc, aurc_interval, risk_by_coverage


def drawn(n: int, seed: int, steps: int = 0) -> tuple[pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    score = rng.integers(0, steps, n) / steps if steps else rng.random(n)
    return pd.Series(score), pd.Series(rng.random(n) < 0.4 + 0.5 * score)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_the_mean_over_all_orders_of_equal_scores(seed):
    score, right = drawn(6, seed, steps=3)
    areas = []
    for order in permutations(range(6)):
        if all(score[a] >= score[b] for a, b in pairwise(order)):
            wrong = np.cumsum([not right[photo] for photo in order])
            areas.append((wrong / np.arange(1, 7)).mean())
    assert aurc(score, right) == pytest.approx(np.mean(areas))


def test_risk_and_coverage_at_every_score():
    curve = risk_by_coverage(pd.Series([0.9, 0.9, 0.5, 0.2]), pd.Series([True, False, True, False]))
    assert curve["least"].tolist() == [0.9, 0.5, 0.2]
    assert curve["coverage"].tolist() == [0.5, 0.75, 1.0]
    assert curve["risk"].tolist() == [0.5, pytest.approx(1 / 3), 0.5]


@pytest.mark.parametrize("steps", [0, 4])
def test_the_interval_is_that_of_the_areas_of_groups_drawn_anew(monkeypatch, steps):
    monkeypatch.setattr(selective, "_DRAWS", 40)
    score, right = drawn(30, 1, steps)
    groups = pd.Series([f"plate {number % 12}" for number in range(30)])
    members = [np.flatnonzero(groups == name) for name in sorted(set(groups))]
    areas = []
    for plates in np.random.default_rng(5).integers(0, 12, (40, 12)):
        rows = np.concatenate([members[plate] for plate in plates])
        areas.append(aurc(score.iloc[rows], right.iloc[rows]))
    assert aurc_interval(score, right, groups, seed=5) == pytest.approx(np.quantile(areas, [0.025, 0.975]))


def test_shots_of_one_plate_are_drawn_together():
    score, right = (pd.concat([each] * 8, ignore_index=True) for each in drawn(20, 0))
    alone, plates = pd.Series(range(160)), pd.Series(list(range(20)) * 8)
    narrow, wide = (aurc_interval(score, right, groups) for groups in (alone, plates))
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])
    assert wide[0] < aurc(score, right) < wide[1]
