"""The learning curves stand where their numbers say, inside the frame."""

import math

import pandas as pd
import pytest

from kfood.reporting.curves import BOTTOM, LEFT, RIGHT, TOP, draw_curves, nice_ticks
from support.fake_run import HISTORY, fake_run


def a_run(tmp_path, history, name="1"):
    return fake_run(tmp_path / name, tmp_path / "photos", ["a", "b"], draw=False, history=history)


def points(panel):
    return [point for line in panel.lines for point in line.dots]


def test_curves_of_known_numbers(tmp_path):
    ((loss, accuracy),) = draw_curves([a_run(tmp_path, HISTORY)])
    assert [line.name for line in loss.lines] == ["training", "validation"]
    assert [text for _, text in loss.x_ticks] == ["0", "1", "2", "3"]
    (valid,) = accuracy.lines
    heights = [y for _, y in valid.dots]
    assert heights.index(min(heights)) == 2  # 0.9, the best
    assert accuracy.best == valid.dots[2][0]
    assert accuracy.best_text == "best epoch 2: 90.0%"
    assert loss.best_text == "best epoch 2: 0.750"
    # 0.7 lies half way between 0.5 and 0.9
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.2)
    assert "training from 1.200 in epoch 0 to 0.650 in epoch 3" in loss.spoken


@pytest.mark.parametrize("values", [[0.5], [1.0, 1.0], [0.0, 0.0], [0.99, 1.0], [1e-6, 2e-6], [0.3] * 200], ids=str)
def test_every_curve_stays_in_its_frame(tmp_path, values):
    history = pd.DataFrame({"epoch": range(len(values)), "train_loss": values, "valid_loss": values})
    history["valid_accuracy"] = values
    for panel in draw_curves([a_run(tmp_path, history)])[0]:
        assert panel.y_ticks and panel.x_ticks
        texts = [text for _, text in panel.y_ticks]
        assert len(set(texts)) == len(texts)
        marks = [*points(panel), *((x, BOTTOM) for x, _ in panel.x_ticks), *((LEFT, y) for y, _ in panel.y_ticks)]
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in marks)


def test_a_lost_value_parts_the_curve(tmp_path):
    history = HISTORY.assign(valid_loss=[1.1, math.nan, 0.75, 0.77])
    ((loss, _),) = draw_curves([a_run(tmp_path, history)])
    assert [len(part.split()) for part in loss.lines[1].parts] == [2]
    assert len(loss.lines[1].dots) == 3


def test_runs_are_drawn_on_the_same_scales(tmp_path):
    longer = pd.concat([HISTORY, HISTORY.tail(1).assign(epoch=9, valid_loss=3.0)])
    first, second = draw_curves([a_run(tmp_path, HISTORY), a_run(tmp_path, longer, "2")])
    for ours, theirs in zip(first, second, strict=True):
        assert (ours.x_ticks, ours.y_ticks) == (theirs.x_ticks, theirs.y_ticks)
        assert ours.lines[-1].dots == theirs.lines[-1].dots[:4]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.531, 0.822), (3, 4), (0, 1e-7), (5, 5), (0, 0), (-3, 900)])
def test_ticks_are_round_and_hold_the_values(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + 1e-12 and ticks[-1] >= high - 1e-12
    assert 3 <= len(ticks) <= 9
    assert all(len(f"{tick:.6g}".strip("-0.")) <= 6 for tick in ticks)
    assert all(tick == int(tick) for tick in nice_ticks(0, 7, whole=True))


def test_a_run_without_epochs_has_no_curves_and_others_do(tmp_path):
    empty, other = a_run(tmp_path, HISTORY), a_run(tmp_path, HISTORY, "2")
    empty.__dict__["history"] = HISTORY.head(0)
    nothing, panels = draw_curves([empty, other])
    assert (nothing, len(panels)) == ([], 2)
