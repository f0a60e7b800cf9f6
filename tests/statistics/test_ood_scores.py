"""Scores of strangeness: equal to pytorch-ood's on the same features, and as good as they should be on known truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import shrunk_covariance

from kfood.statistics import ood_scores
from kfood.statistics.auroc import auroc
from kfood.statistics.conformal import share_as_strange
from kfood.statistics.ood_scores import OOD_SCORES, Photos, fit_ood_score, logits_of, ood_score
from support.gaussian_scores import CLASSES, LENGTH, draw_photos, head_of, strangers


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(0)
    return draw_photos(rng, 400), draw_photos(rng, 200), strangers(rng, 200)


def theirs(kind: str, learned: Photos, asked: Photos) -> np.ndarray:
    """The scores of pytorch-ood."""
    pytest.importorskip("pytorch_ood", reason="pytorch-ood is not installed")
    import torch
    from pytorch_ood import detector

    features, logits = torch.from_numpy(asked.features).float(), torch.from_numpy(asked.logits).float()
    if kind == "max-softmax":
        return detector.MaxSoftmax.score(logits).numpy()
    if kind == "max-logit":
        return detector.MaxLogit.score(logits).numpy()
    if kind == "energy":
        return detector.EnergyBased.score(logits).numpy()
    head = head_of()
    weights, biases = (torch.from_numpy(each).float() for each in (head.weights, head.biases))
    fitted = {
        "knn": lambda: detector.KNN(None, k=ood_scores._NEIGHBOURS),
        "mahalanobis": lambda: detector.Mahalanobis(None),
        "vim": lambda: detector.ViM(None, ood_scores.principal_directions(LENGTH), weights, biases),
    }[kind]()
    fitted.fit_features(torch.from_numpy(learned.features).float(), torch.from_numpy(learned.labels))
    return fitted.predict_features(features).numpy()


@pytest.mark.parametrize("kind", [kind for kind in OOD_SCORES if "cosine" not in kind])
def test_scores_are_those_of_pytorch_ood(kind, photos):
    learned, known, strange = photos
    for asked in (known, strange):
        ours = ood_score(kind, asked, fit_ood_score(kind, learned, head_of()))
        np.testing.assert_allclose(ours, theirs(kind, learned, asked), rtol=2e-3, atol=2e-3)


def test_the_cosine_is_that_of_the_shrunk_covariance(photos):
    learned, known, _ = photos
    features, asked = (
        each.features / np.linalg.norm(each.features, axis=1, keepdims=True) for each in (learned, known)
    )
    centres = np.stack([features[learned.labels == number].mean(axis=0) for number in range(CLASSES)])
    inverse = np.linalg.inv(shrunk_covariance(np.cov((features - centres[learned.labels]).T, bias=True), 0.3))

    def products(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return (first - features.mean(axis=0)) @ inverse @ (second - features.mean(axis=0)).T

    norms = [np.sqrt(np.diag(products(each, each))) for each in (asked, centres)]
    cosines = (products(asked, centres) / norms[0][:, None] / norms[1]).max(axis=1)
    arrays = fit_ood_score("cosine", learned, head_of())
    np.testing.assert_allclose(ood_score("cosine", known, arrays), -cosines, atol=1e-4)
    both = ood_score("softmax+cosine", known, arrays)
    np.testing.assert_allclose(both, ood_score("max-softmax", known, {}) - 2 * cosines, atol=1e-4)


@pytest.mark.parametrize("kind", OOD_SCORES)
def test_strangers_are_stranger(kind, photos):
    learned, known, strange = photos
    arrays = fit_ood_score(kind, learned, head_of())
    least = 0.8 if kind in ("knn", "mahalanobis", "vim") else 0.6  # they look away from the head's directions
    assert auroc(ood_score(kind, strange, arrays), ood_score(kind, known, arrays)) > least


@pytest.mark.parametrize("kind", OOD_SCORES)
def test_what_is_refused_of_known_photos_is_what_was_allowed(kind):
    rng = np.random.default_rng(1)
    arrays = fit_ood_score(kind, draw_photos(rng, 300), head_of())
    refused = []
    for _ in range(100):
        valid, test = (ood_score(kind, draw_photos(rng, 99), arrays) for _ in range(2))
        refused.append(share_as_strange(test, valid) <= 0.05)
    assert 0.04 < np.mean(refused) < 0.06


def test_by_hand():
    assert auroc(np.array([2, 3]), np.array([1, 2])) == 0.875
    assert auroc(np.array([1.0]), np.array([1.0])) == 0.5
    assert [ood_scores.principal_directions(n) for n in (8, 512, 768, 1280, 2048)] == [4, 256, 512, 512, 1000]
    photos = Photos(np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros((2, 2)), np.array([0, 0]))
    known = fit_ood_score("knn", photos, head_of())["known"]
    assert known.tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_logits_are_those_of_the_head():
    photos = draw_photos(np.random.default_rng(0), 5)
    assert logits_of(head_of(), photos.features) == pytest.approx(photos.logits)
    assert photos.logits.shape == (5, CLASSES)
