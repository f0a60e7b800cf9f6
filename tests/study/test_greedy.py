"""The greedy way is told with what it chose and took, once it is whole."""

from dataclasses import replace

import numpy as np
import pytest

from kfood.study.plan import Way, winner
from kfood.study.status import greedy_in_words
from kfood.study.work import work
from kfood.system.progress import duration
from kfood.training.stop import Stop

pytestmark = pytest.mark.slow


def test_the_greedy_way_is_told_once_it_was_trained(session):
    assert "has not been trained whole" in greedy_in_words(session)
    now = work(replace(session, way=Way.greedy), Stop())
    first, second = (winner(planned, now.outcomes) for planned in now.tables)
    last = [now.outcomes[one.key] for one in second.trainings]
    said = greedy_in_words(session)
    assert said.startswith(f"The greedy way: batch-size {first.row.name}, loss {second.row.name}; ")
    assert f"test {np.mean([one.test.accuracy for one in last]):.4f}" in said
    # Of the first table 4 were trained and 2 failed; of the second's 4, 2 are the first winner's own.
    assert f"6 trainings, {duration(sum(one.seconds for one in now.outcomes.values()))}." in said
