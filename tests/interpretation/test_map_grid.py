"""Maps lie over photos where they are high, and pictures are whole."""

import numpy as np
import pytest
from PIL import Image

from kfood.interpretation.map_grid import Tile, draw_grid, overlay, overlay_contrast


def test_the_overlay_colours_where_the_map_is_high_and_leaves_the_rest():
    photo = np.full((64, 64, 3), 0.5)
    heat = np.zeros((4, 4))
    heat[0, 3] = 1
    seen = overlay(photo, heat)
    assert seen.shape == photo.shape
    assert np.abs(seen[40:, :30] - 0.5).max() == 0
    assert np.abs(seen[2:6, 58:62] - 0.5).max() > 0.1
    assert seen.min() >= 0 and seen.max() <= 1


def test_a_contrast_is_red_for_the_first_class_blue_for_the_other_and_grey_between():
    photo = np.full((64, 64, 3), (0.2, 0.8, 0.5))
    heat = np.zeros((4, 4))
    heat[0, 0], heat[3, 3] = 1, -1
    seen = overlay_contrast(photo, heat)
    red, _, blue = seen[2, 2]
    assert red > blue + 0.3
    red, _, blue = seen[61, 61]
    assert blue > red + 0.3
    np.testing.assert_allclose(seen[32, 32], 0.5, atol=1e-6)


@pytest.mark.parametrize(
    "rows", [[], [("갈비찜", [Tile(None, "gone"), None])], [("", [Tile(np.zeros((9, 9, 3)), "x")])]]
)
def test_a_picture_comes_of_whatever_is_there(tmp_path, rows):
    with Image.open(draw_grid(rows, "A heading", tmp_path / "grid.png")) as picture:
        assert min(picture.size) > 100
