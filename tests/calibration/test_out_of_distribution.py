"""None of these: the score that is chosen, what is refused of known photos, and what cannot be had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kfood.calibration import out_of_distribution as module
from kfood.calibration.features import Features
from kfood.calibration.fit import Wanted, calibrate_run
from kfood.calibration.judged import Judged
from kfood.calibration.none_table import aurocs_table, none_sentences
from kfood.calibration.out_of_distribution import aurocs_of_left_out, fit_out_of_distribution
from kfood.errors import KfoodError
from kfood.statistics.ood_scores import OOD_SCORES, Head, Photos
from support.gaussian_scores import draw_photos, head_of, probabilities, strangers


def drawn(seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    return Features(head_of(), *(draw_photos(rng, n) for n in (300, 200, 200)))


def judged(photos: Photos, shots: int = 1) -> Judged:
    n = len(photos.labels)
    return Judged([str(each) for each in range(n)], probabilities(photos), photos.labels, np.arange(n) // shots)


def test_known_photos_are_refused_as_seldom_as_is_wanted_and_strangers_mostly():
    features = drawn()
    found = fit_out_of_distribution(features, judged(features.valid), 0.05)
    assert found.kind == max(found.aurocs, key=lambda kind: np.mean(found.aurocs[kind]))
    share = found.share(features.test.features)
    assert 0.01 <= found.refused(share).mean() < 0.11
    assert found.refused(share, 0.5).mean() == pytest.approx(0.5, abs=0.12)
    strange = found.share(strangers(np.random.default_rng(5), 200).features)
    assert strange.mean() < share.mean()
    assert set(aurocs_table(found)["score"]) == set(OOD_SCORES)
    said = none_sentences(found, "", judged(features.test))
    assert found.kind in said[0] and "of 200 test photos" in said[1]


def test_what_is_far_from_everything_is_refused_whatever_its_logits_say(monkeypatch):
    """Features along which the head sees nothing: logits are those of a known photo."""
    drawn_ones = drawn()
    blind = np.linalg.svd(drawn_ones.head.weights)[2][-1]
    parts = [drawn_ones.train, drawn_ones.valid, drawn_ones.test]
    flat = [Photos(each.features - np.outer(each.features @ blind, blind), each.logits, each.labels) for each in parts]
    features = Features(drawn_ones.head, *flat)
    far = features.test.features + 20 * blind
    monkeypatch.setattr(module, "aurocs_of_left_out", lambda _: {"max-logit": [0.9], "knn": [0.6]})
    found = fit_out_of_distribution(features, judged(features.valid), 0.05)
    assert [(part.kind, part.share) for part in found.parts] == [("max-logit", 0.8), ("knn", 0.2)]
    assert found.refused(found.share(far)).all()
    assert 0.01 < found.refused(found.share(features.test.features)).mean() < 0.1
    assert found.share_of_test() == pytest.approx(found.share(features.test.features))
    few = fit_out_of_distribution(features, judged(features.valid, 8), 0.1)
    assert [part.share for part in few.parts] == [0.5, 0.5]  # of 25 plates, none is as rare as one in 50
    fewer = fit_out_of_distribution(features, judged(features.valid, 10), 0.05)
    assert [part.kind for part in fewer.parts] == ["max-logit"]


def test_a_fold_of_dishes_is_left_out_of_all_that_is_fitted():
    """With a head that has the left-out dishes' weights, and training photos of them, they would be no strangers."""
    features = drawn()
    scored = aurocs_of_left_out(features)
    assert all(len(each) == 3 for each in scored.values())  # of 6 dishes, two at a time
    assert all(0.5 < np.mean(each) <= 1 for each in scored.values())
    moved = Features(features.head, _without_meaning(features.train), features.valid, features.test)
    assert np.mean(aurocs_of_left_out(moved)["mahalanobis"]) < np.mean(scored["mahalanobis"])


def test_the_choice_does_not_look_at_the_network_s_head_which_has_learned_the_dishes_left_out():
    features = drawn()
    other = Head(features.head.weights[::-1] * 3, features.head.biases + 1)
    assert aurocs_of_left_out(replace(features, head=other)) == aurocs_of_left_out(features)


def _without_meaning(photos: Photos) -> Photos:
    return Photos(photos.features, photos.logits, np.random.default_rng(0).permutation(photos.labels))


def test_too_few_dishes_choose_nothing():
    features = drawn()
    two = [Photos(each.features, each.logits[:, :3], each.labels % 3) for each in (features.train, features.valid)]
    few = Features(Head(features.head.weights[:3], features.head.biases[:3]), *two, two[1])
    found = fit_out_of_distribution(few, judged(two[1]), 0.05)
    assert (found.kind, found.aurocs) == ("knn", {})
    assert "too few dishes to leave any out" in none_sentences(found, "", judged(two[1]))[0]


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        (0.001, "999 validation photos of different plates are needed; there are 200"),
        (0.0, "The share of known dishes that may be refused is 0: it must lie between 0 and 1"),
        (1.0, "must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_refused_is_said(refuse, words):
    features = drawn()
    with pytest.raises(KfoodError) as refused:
        fit_out_of_distribution(features, judged(features.valid), refuse)
    assert words in str(refused.value)


def test_shots_of_a_plate_count_once():
    features = drawn()
    assert len(fit_out_of_distribution(features, judged(features.valid, 4), 0.05).parts[0].known) == 50


def test_a_run_without_its_photos_keeps_the_rest(modest_run):
    found = calibrate_run(modest_run())
    assert found.none_of_these is None
    assert "model.json" in found.why_none
    with pytest.raises(KfoodError, match="19 validation photos"):
        calibrate_run(modest_run(valid=15, name="few"), Wanted(coverage=0.5))
