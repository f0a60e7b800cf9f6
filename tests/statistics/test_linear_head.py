"""A head that is fitted anew: as good as scikit-learn's, and blind to what it was not shown."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from kfood.statistics.linear_head import fit_head
from kfood.statistics.ood_scores import logits_of
from support.gaussian_scores import draw_photos


def test_it_tells_classes_apart_as_logistic_regression_does():
    rng = np.random.default_rng(0)
    train, test = draw_photos(rng, 600), draw_photos(rng, 600)
    head = fit_head(train.features * 7 + 3, train.labels)
    found = logits_of(head, test.features * 7 + 3).argmax(axis=1)
    theirs = LogisticRegression(C=1.0).fit(train.features, train.labels).predict(test.features)
    assert abs((found == test.labels).mean() - (theirs == test.labels).mean()) < 0.03
    assert (found == theirs).mean() > 0.9


def test_more_steps_change_nothing_of_note(monkeypatch):
    train = draw_photos(np.random.default_rng(1), 300)
    head = fit_head(train.features, train.labels)
    monkeypatch.setattr("kfood.statistics.linear_head._STEPS", 2000)
    longer = fit_head(train.features, train.labels)
    first, second = (logits_of(each, train.features) for each in (head, longer))
    assert np.abs(first - second).max() < 0.1
