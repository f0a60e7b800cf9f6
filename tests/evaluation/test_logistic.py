"""Logistic regression on features: its penalty is chosen by plates that it has not seen."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from kfood.evaluation import logistic
from kfood.evaluation.logistic import STRENGTHS, fit_logistic, judge_left_out


def drawn(photos=240, length=30, classes=3, noise=1.0, seed=0):
    """Features around a centre for each class, in units of every size, one plate a photo."""
    draws = np.random.default_rng(seed)
    labels = np.arange(photos) % classes
    centres, scales = draws.normal(size=(classes, length)), np.geomspace(1e-2, 1e2, length)
    features = (centres[labels] + noise * draws.normal(size=(photos, length))) * scales + 5 * scales
    return torch.from_numpy(features).float(), labels, np.arange(photos).astype(str)


def test_it_is_sklearns_with_the_same_penalty():
    features, labels, groups = drawn(noise=2.0)
    fitted = fit_logistic(features[None], labels, groups, 3)
    scaled = (features - features.mean(0)) / features.std(0, correction=0)
    theirs = LogisticRegression(C=1 / (fitted.strength * len(labels)), tol=1e-8, max_iter=2000).fit(scaled, labels)
    ours = fitted.logits(features).softmax(1).numpy()
    assert ours == pytest.approx(theirs.predict_proba(scaled), abs=0.01)


def test_features_that_tell_nothing_are_held_back_most():
    features, labels, groups = drawn(length=100)
    rows = np.random.default_rng(1).permutation(len(labels))
    assert fit_logistic(features[rows][None], labels, groups, 3).strength == STRENGTHS[0]
    clear = fit_logistic(drawn(noise=0.3)[0][None], labels, groups, 3)
    assert clear.strength < STRENGTHS[0]
    assert clear.log_loss < 0.05


def test_photos_left_out_are_judged_as_new_photos_are():
    """Log loss and accuracy of the folds are those of as many new photos, within chance."""
    features, labels, groups = drawn(photos=300, noise=3.0)
    found = judge_left_out(features[None], labels, groups, 3)
    new, new_labels, _ = drawn(photos=600, noise=3.0)  # its first 300 are those, from the same centres
    said = fit_logistic(features[None], labels, groups, 3).logits(new[300:])
    right = (said.argmax(1).numpy() == new_labels[300:]).mean()
    assert sorted(found.photos) == list(range(300))
    assert found.right.mean() == pytest.approx(right, abs=0.1)


def test_a_plate_is_never_on_both_sides(monkeypatch):
    """Ten shots of a plate, features of plates that tell nothing of the class: an accuracy of chance, not of memory."""
    draws = np.random.default_rng(0)
    plates = np.repeat(np.arange(60), 10)
    features = torch.from_numpy(draws.normal(size=(60, 40))[plates] + 0.01 * draws.normal(size=(600, 40))).float()
    labels = draws.integers(0, 3, 60)[plates]
    by_plate = judge_left_out(features[None], labels, plates.astype(str), 3)
    by_photo = judge_left_out(features[None], labels, np.arange(600).astype(str), 3)
    assert by_photo.right.mean() > 0.9  # what one would believe
    assert by_plate.right.mean() < 0.5


def test_a_weight_counts_a_photo_as_often():
    features, labels, groups = drawn(noise=2.0)
    weights = np.where(labels == 0, 5.0, 1.0)
    plain, weighed = (fit_logistic(features[None], labels, groups, 3, each) for each in (None, weights))
    share = [fitted.logits(features).softmax(1)[:, 0].mean().item() for fitted in (plain, weighed)]
    assert share[1] > share[0] + 0.02


def test_of_many_photos_some_choose_and_all_are_fitted(monkeypatch):
    monkeypatch.setattr(logistic, "_TO_CHOOSE_BY", 90)
    features, labels, groups = drawn()
    assert len(judge_left_out(features[None], labels, groups, 3).photos) == 90
    fitted = fit_logistic(features[None], labels, groups, 3)
    assert (fitted.logits(features).argmax(1).numpy() == labels).mean() > 0.95


def test_few_plates_leave_the_penalty_in_the_middle():
    features, labels, _ = drawn(photos=12)
    fitted = fit_logistic(features[None], labels, np.array(["one", "two"] * 6), 3)
    assert fitted.strength == STRENGTHS[2]
    assert np.isnan(fitted.log_loss)


def test_every_view_is_learned_from_and_the_first_is_judged():
    features, labels, groups = drawn(noise=0.5)
    other = features.flip(0)  # says the opposite of the first
    found = judge_left_out(torch.stack([features, features]), labels, groups, 3, strengths=(0.01,))
    spoiled = judge_left_out(torch.stack([features, other]), labels, groups, 3, strengths=(0.01,))
    assert found.right.mean() > 0.95
    assert spoiled.losses.mean() > found.losses.mean()
