"""The parts of a variance, against the textbook's table and against t itself."""

import math

import numpy as np
import pytest
from scipy.stats import t

from kfood.errors import KfoodError
from kfood.statistics.crossed import (
    common_spread,
    crossed,
    half_width,
    p_value,
    spread_of_differences,
    variance_of_seeds,
)
from support.drawn_answers import drawn_answers

RNG = np.random.default_rng(2)
VALUES = RNG.random((3, 12))


def mean_squares(table):
    """MS of the rows, of the columns and of what remains, from the textbook's sums of squares."""
    rows, columns = table.shape
    of_rows = columns * ((table.mean(1) - table.mean()) ** 2).sum()
    of_columns = rows * ((table.mean(0) - table.mean()) ** 2).sum()
    rest = ((table - table.mean()) ** 2).sum() - of_rows - of_columns
    return of_rows / (rows - 1), of_columns / (columns - 1), rest / ((rows - 1) * (columns - 1))


@pytest.mark.parametrize("size", [1, 3])
def test_parts_are_those_of_the_textbook(size):
    groups = np.arange(12) // size
    found = crossed(VALUES, groups)
    of_seeds, of_groups, rest = mean_squares(VALUES.reshape(3, -1, size).mean(2))
    cells = 3 * 12 // size
    assert (found.seeds, found.photos, found.groups) == (3, 12, 12 // size)
    assert found.mean == pytest.approx(VALUES.mean())
    assert (found.of_seeds, found.of_photos, found.of_both) == pytest.approx(
        (of_seeds / cells, of_groups / cells, rest / cells)
    )


def test_groups_need_not_be_numbered_from_0_or_in_order():
    order = RNG.permutation(12)
    groups = np.arange(12) // 3
    assert crossed(VALUES[:, order], 100 - groups[order]).of_photos == pytest.approx(crossed(VALUES, groups).of_photos)


def test_parts_are_right_on_average_with_groups_of_unequal_size():
    groups = np.repeat(np.arange(90), [1, 2, 6] * 30)
    drawn = drawn_answers(
        np.random.default_rng(3), 600, 1, 3, 270, 0.8, luck=0.3, hardness=1, plates=1.5, groups=groups
    )
    found = [crossed(answers, groups) for answers in drawn[:, 0]]
    variance = np.var([one.mean for one in found])
    assert np.mean([one.of_seeds + one.of_photos - one.of_both for one in found]) == pytest.approx(variance, rel=0.15)


def test_two_trainings_that_happen_to_be_equally_good_prove_nothing():
    right = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
    assert crossed(right, np.arange(4)).of_seeds == pytest.approx(1 / (12 * 4**2) / 2)


def test_one_seed_tells_nothing_of_others():
    found = crossed(VALUES[:1], np.arange(12))
    assert math.isnan(found.of_seeds)
    assert found.of_photos == pytest.approx(VALUES[0].var(ddof=1) / 12)


@pytest.mark.parametrize(("shape", "groups"), [((3, 0), 0), ((0, 3), 3), ((3, 4), 5), ((4,), 4)])
def test_what_does_not_fit_is_refused(shape, groups):
    with pytest.raises(KfoodError, match="trainings x photos"):
        crossed(np.zeros(shape), np.zeros(groups))


def test_with_one_part_the_interval_is_that_of_t():
    assert half_width([(0.04, 2)], 0.05) == pytest.approx(0.2 * t.isf(0.025, 2))
    assert p_value(-0.5, [(0.04, 2)]) == pytest.approx(2 * t.sf(2.5, 2))


def test_two_parts_join_as_the_sides_of_a_right_angle():
    assert half_width([(0.04, 2), (0.01, 300)], 0.05) == pytest.approx(
        math.hypot(half_width([(0.04, 2)], 0.05), half_width([(0.01, 300)], 0.05))
    )


@pytest.mark.parametrize("mean", [1e-4, 0.1, -0.9, 30.0])
def test_the_interval_at_the_level_of_p_just_reaches_0(mean):
    parts = [(0.04, 2), (0.01, 300)]
    assert half_width(parts, p_value(mean, parts)) == pytest.approx(abs(mean))


def test_p_of_no_difference_and_of_a_huge_one():
    assert p_value(0.0, [(0.04, 2)]) == 1
    assert 0 < p_value(1.0, [(1e-6, 400)]) < 1e-99


def test_trainings_that_differ_by_single_photos_alone_spread_by_the_factor_1():
    rows = drawn_answers(np.random.default_rng(4), 1, 60, 3, 500, luck=0)[0]
    spread = common_spread(rows, np.arange(500))
    assert spread.freedom == 120
    assert spread.factor == pytest.approx(1, abs=0.3)
    lucky = drawn_answers(np.random.default_rng(4), 1, 60, 3, 500, luck=0.3)[0]
    assert common_spread(lucky, np.arange(500)).factor > 3


def test_a_row_is_never_taken_to_spread_less_than_its_own_trainings():
    calm, wild = drawn_answers(np.random.default_rng(5), 1, 2, 3, 500, luck=np.array([0.0, 1.0]))[0]
    spread = common_spread([calm, calm, wild], np.arange(500))
    found = [crossed(row, np.arange(500)) for row in (calm, wild)]
    assert variance_of_seeds(found[0], spread) == pytest.approx(spread.factor * found[0].of_both)
    assert variance_of_seeds(found[0], spread) > found[0].of_seeds
    assert variance_of_seeds(found[1], spread) == found[1].of_seeds


def test_rows_of_one_training_or_that_never_disagree_share_no_spread():
    assert common_spread([VALUES[:1] > 0.5] * 3, np.arange(12)) is None
    assert common_spread([np.ones((3, 12))] * 3, np.arange(12)) is None


def test_what_all_rows_share_is_no_part_of_the_spread_of_their_differences():
    """Luck that is each seed's own, whatever the row, cancels; it is all pairs' differences, put together."""
    rng = np.random.default_rng(2)
    lucks = np.repeat(rng.standard_normal((1, 1, 3)), 4, axis=1)
    rows = drawn_answers(rng, 1, 4, 3, 500, luck=0.5, lucks=lucks)[0].astype(float)
    groups = np.arange(500)
    spread = spread_of_differences(rows, groups)
    pairs = [crossed(one - other, groups) for number, one in enumerate(rows) for other in rows[:number]]
    assert spread.freedom == 6
    assert spread.factor == pytest.approx(sum(p.of_seeds for p in pairs) / sum(p.of_both for p in pairs), rel=0.01)
    assert spread.factor < common_spread(rows, groups).factor / 2


def test_rows_that_differ_alike_in_every_seed_have_no_spread_of_differences():
    assert spread_of_differences([VALUES[:1] > 0.5] * 3, np.arange(12)) is None
    assert spread_of_differences([VALUES > 0.5] * 3, np.arange(12)) is None
