"""A picture that shows every class, and the best and worst where they can be told."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpretation import per_class_plot
from kfood.interpretation.class_ranks import class_ranks
from kfood.interpretation.per_class_plot import draw_per_class

# 김밥 2 of 2, 떡국 1 of 2, 라면 0 of 1; 만두 has no photo.
PREDICTIONS = pd.DataFrame(
    {
        "split": "valid",
        "label": ["김밥", "김밥", "떡국", "떡국", "라면"],
        "predicted": ["김밥", "김밥", "떡국", "김밥", "떡국"],
        **dict.fromkeys(["p_만두", "p_라면", "p_떡국", "p_김밥"], 0.25),
    }
)


def test_bars_are_sorted_and_every_class_is_named(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(per_class_plot, "save_figure", lambda figure, path: figures.append(figure))
    draw_per_class(PREDICTIONS, tmp_path / "unused.png")
    (axes,) = figures[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["김밥", "떡국", "라면", "만두"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1, 0.5, 0, np.nan], nan_ok=True)
    assert len({bar.get_facecolor() for bar in axes.patches}) == 1
    assert [text.get_text() for text in axes.texts] == ["n = 2", "n = 2", "n = 1", "n = 0"]
    shrunk, accuracy = axes.lines
    assert accuracy.get_xdata() == pytest.approx([0.6, 0.6])
    assert shrunk.get_xdata() == pytest.approx(class_ranks(PREDICTIONS).table["recall_shrunk"].iloc[::-1], nan_ok=True)
    words = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert len(words) == 2 and words[1].startswith("the classes cannot be told apart (permutation test, p = ")


def test_classes_that_differ_have_colours(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(per_class_plot, "save_figure", lambda figure, path: figures.append(figure))
    draw_per_class(PREDICTIONS.loc[[0, 1, 4] * 10].reset_index(drop=True), tmp_path / "unused.png")
    words = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert words[1:] == ["best: 김밥", "worst: 라면"]
    assert len({bar.get_facecolor() for bar in figures[0].axes[0].patches}) == 3


@pytest.mark.parametrize("rows", [0, 5])
def test_picture_is_whole(tmp_path, rows):
    path = draw_per_class(PREDICTIONS.head(rows), tmp_path / "per_class.png")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 800
        pixels = np.asarray(picture.convert("L"))
    # Ink at the edge would be a label cut off there.
    assert (pixels[[0, -1]] == 255).all()
    assert (pixels[:, [0, -1]] == 255).all()
