"""What hangs together has one number."""

import numpy as np

from kfood.data.connected_components import connected_components


def test_things_hang_together_over_steps():
    component = connected_components(np.array([[0, 1], [3, 1], [4, 5], [5, 4]]), 7)
    assert component[0] == component[1] == component[3]
    assert component[4] == component[5]
    assert len(set(component)) == 4


def test_without_links_each_is_alone():
    assert len(set(connected_components(np.empty((0, 2), int), 3))) == 3
