"""Who is best and worst, and a picture that shows every class."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpretation import per_class_plot
from kfood.interpretation.per_class_plot import best_and_worst, draw_per_class


def recalls(**by_class: float) -> pd.DataFrame:
    return pd.DataFrame({"recall": by_class})


# 김밥 2 of 2, 떡국 1 of 2, 라면 0 of 1; 만두 has no photo.
PREDICTIONS = pd.DataFrame(
    {
        "split": "valid",
        "label": ["김밥", "김밥", "떡국", "떡국", "라면"],
        "predicted": ["김밥", "김밥", "떡국", "김밥", "떡국"],
        **dict.fromkeys(["p_만두", "p_라면", "p_떡국", "p_김밥"], 0.25),
    }
)


def test_best_first_and_worst_first():
    table = recalls(a=0.1, b=0.9, c=0.5, d=0.7, e=0.3, f=0.2, g=0.8)
    assert best_and_worst(table) == (["b", "g", "d"], ["a", "f", "e"])
    assert best_and_worst(table, n=1) == (["b"], ["a"])


def test_ties_go_by_name_and_no_class_is_in_both():
    assert best_and_worst(recalls(f=1, e=1, d=1, c=1, b=1, a=1)) == (["a", "b", "c"], ["d", "e", "f"])


@pytest.mark.parametrize(("n", "each"), [(0, 0), (1, 0), (2, 1), (5, 2), (6, 3), (9, 3)])
def test_few_classes_make_shorter_lists(n, each):
    best, worst = best_and_worst(recalls(**{f"class{number}": number / 10 for number in range(n)}))
    assert len(best) == len(worst) == each
    assert not set(best) & set(worst)


def test_classes_without_photos_are_neither():
    assert best_and_worst(recalls(a=float("nan"), b=0.5, c=0.6)) == (["c"], ["b"])


def test_bars_are_sorted_and_every_class_is_named(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(per_class_plot, "save_figure", lambda figure, path: figures.append(figure))
    draw_per_class(PREDICTIONS, tmp_path / "unused.png")
    (axes,) = figures[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["김밥", "떡국", "라면", "만두"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1, 0.5, 0, np.nan], nan_ok=True)
    assert [text.get_text() for text in axes.texts] == ["n = 2", "n = 2", "n = 1", "n = 0"]
    (accuracy,) = axes.lines
    assert accuracy.get_xdata() == pytest.approx([0.6, 0.6])
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == ["best: 김밥", "worst: 라면"]


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
