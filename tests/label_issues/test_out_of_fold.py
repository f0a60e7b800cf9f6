"""No photo is judged by a model that has seen it or another shot of its plate."""

import numpy as np
import pytest

from kfood.errors import KfoodError
from kfood.label_issues import out_of_fold
from kfood.label_issues.out_of_fold import folds, pair_scores, principal_directions, probabilities, said_by


def two_classes(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return rng.normal(size=(n, 20)) + 2.5 * labels[:, None] * (np.arange(20) == 3), labels


def test_groups_stay_whole_and_every_photo_is_in_one_fold():
    labels, groups = np.arange(80) % 2, np.arange(80) // 4
    parts = folds(labels, groups, 5, 0)
    assert sorted(np.concatenate([fold for _, fold in parts])) == list(range(80))
    for rest, fold in parts:
        assert not set(groups[rest]) & set(groups[fold])
        assert set(labels[fold]) == {0, 1}


def test_what_can_be_learned_is_learned():
    features, labels = two_classes(120)
    said = probabilities(features, labels, np.arange(120))
    np.testing.assert_allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == labels).mean() > 0.8
    scores = pair_scores(features, labels == 1, np.arange(120))
    assert ((scores > 0) == labels).mean() > 0.8


def test_noise_is_not_learned_by_heart():
    """Shots of one plate are alike, their labels by chance: judged with their plate they would all be right."""
    rng = np.random.default_rng(0)
    plates = np.repeat(np.arange(60), 3)
    labels = rng.permutation(np.arange(60) % 2)[plates]
    features = rng.normal(size=(60, 30))[plates] + 0.01 * rng.normal(size=(180, 30))
    said = probabilities(features, labels, plates)
    assert (said.argmax(axis=1) == labels).mean() < 0.7


def test_principal_directions_keep_distances_of_what_varies():
    features = np.random.default_rng(0).normal(size=(50, 400))
    scaled = (features - features.mean(0)) / features.std(0)
    found = principal_directions(features)
    assert found.shape == (50, 256)
    np.testing.assert_allclose(found @ found.T, scaled @ scaled.T, rtol=1e-3, atol=1e-2)


def test_a_rare_class_among_many_photos_is_judged_too(monkeypatch):
    """C is chosen by some of the photos only: by chance these may have next to none of a rare class."""
    monkeypatch.setattr(out_of_fold, "_TO_CHOOSE_BY", 60)
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [300, 300, 10])
    features = rng.normal(size=(610, 20)) + 3 * labels[:, None] * (np.arange(20) == 3)
    for seed in range(5):
        said = probabilities(features, labels, np.arange(610), seed)
        np.testing.assert_allclose(said.sum(axis=1), 1)
        assert (said.argmax(axis=1) == labels).mean() > 0.8


def test_a_class_that_is_not_in_a_part_has_no_probability_there():
    """All its photos may be shots of few plates, which lie in one fold."""
    labels = np.array([0, 1] * 20 + [2] * 6)
    features = np.eye(3)[labels]
    said = said_by(features[:40], labels[:40], features, 3, c=1.0)
    assert said.shape == (46, 3)
    assert (said[:, 2] == 0).all()


def test_too_few_photos_are_told():
    features, labels = two_classes(8)
    with pytest.raises(KfoodError, match="too few photos to judge labels by"):
        probabilities(features, labels, np.arange(8))
