"""Which dishes are taken for each other, counted by hand."""

import numpy as np
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
    pairs = look_alikes(photos, photos)
    assert pairs[["a", "b", "errors"]].values.tolist() == [[A, C, 4], [B, C, 2]]
    assert pairs[["a_as_b", "a_n", "b_as_a", "b_n"]].values.tolist() == [[3, 10, 1, 10], [0, 10, 2, 10]]
    assert look_alikes(photos, photos, 1)["errors"].tolist() == [4]


def test_what_a_pair_costs(photos):
    first = look_alikes(photos, photos).iloc[0]
    assert first["cost"] == pytest.approx(4 / 30)
    assert first["accuracy_without"] == pytest.approx((30 - 6 + 4) / 30)
    assert (
        f"{28 / 30:.4f} instead of {24 / 30:.4f}: 4 of 6 errors"
        in pairs_verdict(photos, look_alikes(photos, photos), "test")[-1]
    )


def test_intervals_of_photos_by_themselves_are_wilsons(photos):
    first = look_alikes(photos, photos).iloc[0]
    assert (first["a_low"], first["a_high"]) == pytest.approx(wilson(3, 10))
    assert (first["cost_low"], first["cost_high"]) == pytest.approx(wilson(4, 30))


def test_shots_of_one_plate_make_intervals_wider(photos):
    plates = photos.assign(group=photos["label"] + photos["predicted"])
    alone, together = (look_alikes(each, each).iloc[0] for each in (photos, plates))
    assert together["cost_high"] - together["cost_low"] > alone["cost_high"] - alone["cost_low"]
    assert (
        "of 6 plates: shots of one are not counted as independent"
        not in pairs_verdict(photos, look_alikes(photos, photos), "test")[0]
    )
    assert "plates" in pairs_verdict(plates, look_alikes(plates, plates), "test")[0]


def test_a_run_without_errors_has_no_look_alikes(photos):
    right = photos[photos["label"] == photos["predicted"]].reset_index(drop=True)
    assert look_alikes(right, right).empty
    assert readable_pairs(look_alikes(right, right)).empty
    assert pairs_verdict(right, look_alikes(right, right), "test")[-1] == "No dish was taken for another there."


def test_a_dish_without_a_photo_has_no_rate(answers):
    pairs = look_alikes(*[answers((A, RIGHT[C]), (A, RIGHT[A]))] * 2)
    assert readable_pairs(pairs)["second as first"].tolist() == ["no photo"]


def test_validation_chooses_and_test_judges(photos, answers):
    """On validation B and C are confused most, on test A and C: B and C come first, with what they cost on test."""
    valid = answers(*[(B, RIGHT[C])] * 5, *[(A, RIGHT[C])] * 2, split="valid")
    pairs = look_alikes(valid, photos)
    assert pairs[["a", "b", "chosen_errors", "errors"]].values.tolist() == [[B, C, 5, 2], [A, C, 2, 4]]
    assert "chosen, and are ranked, by validation" in pairs_verdict(photos, pairs, "valid")[1]
    assert "can no longer judge" in pairs_verdict(photos, look_alikes(photos, photos), "test")[1]


def test_of_equal_pairs_the_chosen_one_costs_on_test_what_it_truly_costs():
    """Six pairs alike: what the first of them costs is overstated by the photos that chose it."""
    rng, names = np.random.default_rng(0), list("abcdefghijkl")

    def drawn(split):
        label = np.repeat(np.arange(12), 10)
        taken = np.where(rng.random(120) < 0.1, label ^ 1, label)
        return pd.DataFrame(
            {"path": [f"{split}{n}" for n in range(120)], "split": split, "group": [f"{split}{n}" for n in range(120)]}
            | {"label": np.array(names)[label], "predicted": np.array(names)[taken]}
            | {f"p_{name}": 0.0 for name in names}
        )

    honest, flattered = [], []
    for _ in range(60):
        valid, test = drawn("valid"), drawn("test")
        honest.append(look_alikes(valid, test, 1)["cost"][0])
        flattered.append(look_alikes(test, test, 1)["cost"][0])
    assert np.mean(honest) == pytest.approx(0.1 / 6, rel=0.2)
    assert np.mean(flattered) > 1.5 * 0.1 / 6
