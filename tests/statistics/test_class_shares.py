"""Shares of classes: how often equal ones are called different, and how near the truth the extremes are."""

import numpy as np
import pytest
from scipy.stats import norm

from kfood.errors import KfoodError
from kfood.statistics import class_shares as module
from kfood.statistics.class_shares import class_shares


def drawn(rng, shares, photos, shots=1):
    """Photos of each class, hits as often as its share says; shots of one plate are alike."""
    classes = np.arange(len(shares)).repeat(photos)
    groups = np.arange(len(classes)) // shots
    hard = 0.8 * rng.standard_normal(len(classes))[groups] + 0.6 * rng.standard_normal(len(classes))
    return norm.cdf(hard) < np.asarray(shares)[classes], classes, groups, len(shares)


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "photos", "shots"), [(20, 20, 1), (6, 10, 1), (13, 40, 4)])
def test_equal_classes_are_rarely_called_different(classes, photos, shots, monkeypatch):
    monkeypatch.setattr(module, "_DRAWS", 199)
    rng = np.random.default_rng(classes)
    found = [class_shares(*drawn(rng, [0.85] * classes, photos, shots)) for _ in range(200)]
    assert sum(each.p < 0.05 for each in found) <= 18  # 10 on average at 5 %; more than 18 in one of 100


def test_extremes_of_equal_classes_are_drawn_to_the_mean(monkeypatch):
    monkeypatch.setattr(module, "_DRAWS", 1)
    rng = np.random.default_rng(0)
    found = [class_shares(*drawn(rng, [0.85] * 20, 20)) for _ in range(100)]
    raw, shrunk = (
        np.mean([np.sort(shares)[[-3, -2, -1, 0, 1, 2]] for shares in each], axis=0)
        for each in ([each.raw for each in found], [each.shrunk for each in found])
    )
    assert raw[:3].mean() > 0.94 and raw[3:].mean() < 0.75
    assert 0.85 < shrunk[:3].mean() < 0.87 and 0.82 < shrunk[3:].mean() < 0.85


def test_classes_that_differ_are_found_and_keep_their_shares(monkeypatch):
    monkeypatch.setattr(module, "_DRAWS", 199)
    rng, found = np.random.default_rng(0), []
    truth = np.linspace(0.6, 0.95, 10)
    for _ in range(30):
        each = class_shares(*drawn(rng, truth, 60))
        assert each.p < 0.05
        found.append((((each.raw - truth) ** 2).mean(), ((each.shrunk - truth) ** 2).mean()))
    raw, shrunk = np.mean(found, axis=0)
    assert shrunk < raw


def test_many_photos_say_what_is_measured_and_few_do_not():
    classes = np.array([0] * 1000 + [1] * 1000 + [2] * 4)
    hits = np.concatenate([np.arange(1000) < 900, np.arange(1000) < 600, np.ones(4)])
    found = class_shares(hits, classes, np.arange(len(hits)), 4)
    assert found.shrunk[:2] == pytest.approx([0.9, 0.6], abs=0.01)
    assert found.raw[2] == 1 and found.shrunk[2] < 0.95
    assert np.isnan(found.raw[3]) and np.isnan(found.shrunk[3])


def test_what_cannot_be_compared_has_no_p_below_1():
    for hits, classes in (([1, 0], [0, 0]), ([1, 1], [0, 1]), ([0, 0], [0, 1]), ([], [])):
        found = class_shares(np.array(hits), np.array(classes), np.arange(len(hits)), 2)
        assert found.p == 1
        assert found.shrunk == pytest.approx(found.raw, nan_ok=True)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(KfoodError, match="a class and a group for each photo"):
        class_shares(np.ones(3), np.zeros(2), np.arange(3), 1)
