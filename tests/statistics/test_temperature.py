"""A temperature that is known is found; one that does not help is not kept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from kfood.errors import KfoodError
from kfood.statistics.temperature import LEAST, fit_temperature, tempered
from support.gaussian_scores import draw_photos, probabilities


@pytest.mark.parametrize("bold", [0.5, 2.0])
def test_the_temperature_that_undoes_it_is_found(bold):
    photos = draw_photos(np.random.default_rng(0), 3000)
    found = fit_temperature(probabilities(photos, bold), photos.labels, np.arange(3000))
    assert found.value == pytest.approx(bold, rel=0.08)
    assert found.kept
    assert found.after < found.before
    undone = tempered(probabilities(photos, bold), bold)
    assert np.abs(undone - probabilities(photos)).max() < 2e-3  # but for probabilities below the least


def test_of_right_probabilities_it_is_mostly_left_alone():
    rng = np.random.default_rng(1)
    values = []
    for _ in range(40):
        photos = draw_photos(rng, 120)
        values.append(fit_temperature(probabilities(photos), photos.labels, np.arange(120)))
    assert all(each.value == 1 for each in values if not each.kept)
    assert sum(not each.kept for each in values) > 20


def test_photos_that_are_all_right_do_not_make_it_sure_of_everything():
    shares = np.array([[0.6, 0.3, 0.1]]).repeat(100, axis=0)
    found = fit_temperature(shares, np.zeros(100, int), np.arange(100))
    assert found.kept
    assert 0.97 < tempered(shares, found.value)[0, 0] < 101 / 102


def test_shots_of_a_plate_are_in_one_fold():
    """Copies of one photo in other folds would judge a temperature by what it was fitted on."""
    photos = draw_photos(np.random.default_rng(2), 30)
    shares, labels = probabilities(photos).repeat(20, axis=0), photos.labels.repeat(20)
    plates = np.arange(30).repeat(20)
    assert fit_temperature(shares, labels, plates).after > fit_temperature(shares, labels, np.arange(600)).after
    with pytest.raises(KfoodError, match="two plates"):
        fit_temperature(shares, labels, np.zeros(600))


def test_temperatures_divide_logits_and_leave_the_order():
    logits = np.random.default_rng(3).normal(0, 3, (50, 5))
    shares = softmax(logits, axis=1)
    assert tempered(shares, 1.7) == pytest.approx(softmax(logits / 1.7, axis=1))
    assert tempered(shares, 1) is not None
    assert (tempered(shares, 0.3).argmax(axis=1) == shares.argmax(axis=1)).all()
    assert tempered(np.array([[1.0, 0.0]]), 1.0).tolist() == [[1, 0]]
    assert tempered(np.array([[1.0, 0.0]]), 2.0)[0, 1] == pytest.approx(LEAST**0.5, rel=1e-3)
