"""Which dishes are taken for each other, counted by hand."""

import pandas as pd
import pytest

from kfood.pairs.find import look_alikes, pairs_verdict, readable_pairs
from kfood.statistics.intervals import wilson
from support.two_runs import A, B, C

RIGHT = {A: (0.8, 0.1, 0.1), B: (0.1, 0.8, 0.1), C: (0.1, 0.1, 0.8)}


@pytest.fixture
def photos(answers) -> pd.DataFrame:
    """Ten photos a dish: three of A are taken for C, one of C for A, two of C for B, the others are right."""
    of_a = [(A, RIGHT[C])] * 3 + [(A, RIGHT[A])] * 7
    of_b = [(B, RIGHT[B])] * 10
    of_c = [(C, RIGHT[A])] + [(C, RIGHT[B])] * 2 + [(C, RIGHT[C])] * 7
    return answers(*of_a, *of_b, *of_c)


def test_pairs_are_ranked_by_errors_in_both_directions(photos):
    pairs = look_alikes(photos)
    assert pairs[["a", "b", "errors"]].values.tolist() == [[A, C, 4], [B, C, 2]]
    assert pairs[["a_as_b", "a_n", "b_as_a", "b_n"]].values.tolist() == [[3, 10, 1, 10], [0, 10, 2, 10]]
    assert look_alikes(photos, 1)["errors"].tolist() == [4]


def test_what_a_pair_costs(photos):
    first = look_alikes(photos).iloc[0]
    assert first["cost"] == pytest.approx(4 / 30)
    assert first["accuracy_without"] == pytest.approx((30 - 6 + 4) / 30)
    assert f"{28 / 30:.4f} instead of {24 / 30:.4f}: 4 of 6 errors" in pairs_verdict(photos, look_alikes(photos))[-1]


def test_intervals_of_photos_by_themselves_are_wilsons(photos):
    first = look_alikes(photos).iloc[0]
    assert (first["a_low"], first["a_high"]) == pytest.approx(wilson(3, 10))
    assert (first["cost_low"], first["cost_high"]) == pytest.approx(wilson(4, 30))


def test_shots_of_one_plate_make_intervals_wider(photos):
    plates = photos.assign(group=photos["label"] + photos["predicted"])
    alone, together = (look_alikes(each).iloc[0] for each in (photos, plates))
    assert together["cost_high"] - together["cost_low"] > alone["cost_high"] - alone["cost_low"]
    assert (
        "of 6 plates: shots of one are not counted as independent" not in pairs_verdict(photos, look_alikes(photos))[0]
    )
    assert "plates" in pairs_verdict(plates, look_alikes(plates))[0]


def test_a_run_without_errors_has_no_look_alikes(photos):
    right = photos[photos["label"] == photos["predicted"]].reset_index(drop=True)
    assert look_alikes(right).empty
    assert readable_pairs(look_alikes(right)).empty
    assert pairs_verdict(right, look_alikes(right))[-1] == "No dish was taken for another."


def test_a_dish_without_a_photo_has_no_rate(answers):
    pairs = look_alikes(answers((A, RIGHT[C]), (A, RIGHT[A])))
    assert readable_pairs(pairs)["second as first"].tolist() == ["no photo"]
