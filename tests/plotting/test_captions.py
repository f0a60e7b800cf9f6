"""Captions take no more room than they have, and keep what tells names apart."""

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kfood.plotting.captions import fitted, text_width
from kfood.plotting.figures import figure_style

STEW = "돼지고기와 묵은지를 넣고 오래 끓인 김치찌개 0.32"
NAMES = [STEW, "가" * 200, "W" * 90, "i" * 300, "a b " * 60, "쇠고기와두부를넣고오래끓인구수한된장찌개 0.5", "x", ""]


@pytest.fixture(autouse=True)
def style():
    with figure_style():
        yield


@pytest.mark.parametrize("size", [7, 9, 14])
@pytest.mark.parametrize("lines", [1, 2, 3])
@pytest.mark.parametrize("text", NAMES)
def test_no_line_is_wider_and_there_are_no_more_lines_than_asked_for(text, lines, size):
    rows = fitted(text, 2.0, size, lines).split("\n")
    assert len(rows) <= lines
    assert all(text_width(row, size) <= 2.0 for row in rows)


def test_what_fits_stays_and_what_does_not_keeps_both_ends():
    assert fitted("김밥 0.32", 2.0, 9) == "김밥 0.32"
    cut = fitted(STEW, 2.0, 9)
    assert cut.startswith("돼지고기와") and cut.endswith("김치찌개 0.32") and cut.count("…") == 1
    assert fitted(STEW, 2.0, 9, lines=2).replace("\n", " ") == STEW


def test_as_much_is_kept_as_there_is_room_for():
    assert text_width(fitted("가" * 200, 2.0, 9), 9) > 1.8


def test_lines_are_fitted_one_by_one():
    assert fitted(f"김밥\n{STEW}\nloss 1.2", 2.0, 9).split("\n")[::2] == ["김밥", "loss 1.2"]


@pytest.mark.parametrize("line", [STEW, "⟶ 김밥 0.9", "$x$ WAVE"])
def test_the_width_is_what_is_drawn(line):
    canvas = FigureCanvasAgg(Figure(figsize=(6, 1), dpi=matplotlib.rcParams["savefig.dpi"]))
    text = canvas.figure.text(0, 0, line, fontsize=9)
    drawn = text.get_window_extent(canvas.get_renderer()).width / canvas.figure.dpi
    assert text_width(line, 9) == pytest.approx(drawn, abs=0.02)
