"""Several processes ask each other seldom, and each of them after the same batches."""

import pytest

from kfood.training.callbacks import asking
from kfood.training.callbacks.asking import Asking


def test_a_single_process_asks_itself_after_each_batch():
    assert Asking().now(15, False) == (15, False)
    assert Asking().now(0, True) == (0, True)


@pytest.mark.parametrize(("a_batch", "times"), [(0.01, 4), (0.4, 200), (5.0, 400)])
def test_they_ask_about_once_a_second(monkeypatch, a_batch, times):
    clock, asked = [0.0], []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(asking.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(asking, "all_maxima", lambda *mine: asked.append(mine) or [9, *mine[1:]])
    agreed, answers = Asking(), []
    for _ in range(400):
        clock[0] += a_batch
        answers.append(agreed.now(0, False).stop)
    assert abs(len(asked) - times) <= 2
    assert answers.count(9) == len(asked)  # that another one is to stop is heard when they ask
