"""The right photos in the right places, with the right words."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpretation import galleries
from kfood.interpretation.galleries import draw_top_losses, draw_wrong, top_losses

# Two mistakes (m1 the more confident one), four right 김밥 and one right 라면; 떡국 was never right.
PREDICTIONS = pd.DataFrame(
    [
        ("k1", "김밥", "김밥", 0.6, 0.51, 0.6, 0.3, 0.1),
        ("k2", "김밥", "김밥", 0.9, 0.11, 0.9, 0.1, 0.0),
        ("k3", "김밥", "김밥", 0.8, 0.22, 0.8, 0.1, 0.1),
        ("k4", "김밥", "김밥", 0.7, 0.36, 0.7, 0.2, 0.1),
        ("m2", "라면", "김밥", 0.5, 0.92, 0.5, 0.4, 0.1),
        ("m1", "떡국", "라면", 0.8, 2.30, 0.1, 0.8, 0.1),
        ("l1", "라면", "라면", 0.9, 0.11, 0.1, 0.9, 0.0),
    ],
    columns=["path", "label", "predicted", "probability", "loss", "p_김밥", "p_라면", "p_떡국"],
).assign(split="test")


class Album:
    """Opens photos, all of them white, and remembers which; the missing ones raise OSError."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        self.opened = []

    def __call__(self, path: str) -> Image.Image:
        if path in self.missing:
            raise FileNotFoundError(path)
        self.opened.append(path)
        return Image.new("L", (64, 48), 255)


@pytest.fixture
def figures(monkeypatch):
    """Collects the figures on their way to the file."""
    collected = []
    save = galleries.save_figure

    def collect(figure, path):
        collected.append(figure)
        return save(figure, path)

    monkeypatch.setattr(galleries, "save_figure", collect)
    return collected


def test_top_losses_come_highest_first_and_ties_keep_their_order():
    assert top_losses(PREDICTIONS, n=3)["path"].tolist() == ["m1", "m2", "k1"]
    assert top_losses(PREDICTIONS)["path"].tolist()[-2:] == ["k2", "l1"]


def test_top_losses_are_drawn_with_classes_probabilities_and_loss(tmp_path, figures):
    album = Album()
    path = draw_top_losses(PREDICTIONS, tmp_path / "top.png", album, n=2)
    assert album.opened == ["m1", "m2"]
    titles = [axes.get_title(loc="left") for axes in figures[0].axes]
    assert titles == ["떡국 0.10\n⟶ 라면 0.80\nloss 2.30", "라면 0.40\n⟶ 김밥 0.50\nloss 0.92"]
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 500


def test_wrong_photos_stand_beside_right_ones_of_both_classes(tmp_path, figures):
    album = Album()
    draw_wrong(PREDICTIONS, tmp_path / "wrong.png", album)
    assert album.opened == ["m1", "l1", "m2", "k2", "k3", "k4", "l1"]
    titles = [axes.get_title(loc="left") for axes in figures[0].axes]
    assert [title for title in titles if title] == [
        *("mistake 1", "predicted 0.80: 라면", "true 0.10: 떡국 (no right photo)"),
        *("mistake 2", "predicted 0.50: 김밥", "true 0.40: 라면"),
    ]


def test_only_the_most_confident_mistakes_are_drawn(tmp_path):
    album = Album()
    draw_wrong(PREDICTIONS, tmp_path / "wrong.png", album, n=1)
    assert "m2" not in album.opened


def test_without_mistakes_the_picture_says_so(tmp_path, figures):
    album = Album()
    path = draw_wrong(PREDICTIONS.head(4), tmp_path / "wrong.png", album)
    assert album.opened == []
    (text,) = (text.get_text() for text in figures[0].texts)
    assert text.startswith("No mistakes\ntest: 4 of 4 photos right")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert (np.asarray(picture.convert("L")) < 128).any()


@pytest.mark.parametrize("draw", [draw_top_losses, draw_wrong])
def test_a_missing_photo_is_a_tile_that_says_so(tmp_path, figures, draw):
    album = Album("m1")
    draw(PREDICTIONS, tmp_path / "gallery.png", album)
    assert "m2" in album.opened
    tile = figures[0].axes[0]
    assert [text.get_text() for text in tile.texts] == ["photo\nnot found"]
    assert tile.images[0].get_array().std() == 0
    assert not list(figures[0].axes[1].texts)


@pytest.mark.parametrize("draw", [draw_top_losses, draw_wrong])
def test_no_photos_make_a_picture_too(tmp_path, draw):
    assert draw(PREDICTIONS.head(0), tmp_path / "gallery.png", Album()).is_file()
