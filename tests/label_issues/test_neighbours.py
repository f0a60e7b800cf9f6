"""The photo most like another one."""

import numpy as np

from kfood.label_issues import neighbours
from kfood.label_issues.neighbours import nearest_of_another_group


def test_the_neighbour_is_of_another_plate():
    features = np.array([[1.0, 0], [1, 0.01], [0, 1], [0.7, 0.7]])
    assert nearest_of_another_group(features, np.array(["a", "a", "b", "c"])).tolist() == [3, 3, 3, 1]


def test_many_photos_are_compared_in_several_steps_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    features, groups = rng.standard_normal((50, 8)), np.arange(50) // 2
    at_once = nearest_of_another_group(features, groups)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 7)
    assert nearest_of_another_group(features, groups).tolist() == at_once.tolist()
    asked, among = np.array([40, 3, 12, 9, 0, 1, 2, 30]), np.arange(20, 50)
    found = nearest_of_another_group(features, groups, asked, among)
    assert np.isin(found, among).all() and (groups[found] != groups[asked]).all()
