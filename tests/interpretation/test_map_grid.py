"""Maps lie over photos where they are high, and pictures are whole."""

import numpy as np
import pytest
from PIL import Image

from kfood.interpretation.map_grid import FINE, Tile, cells, draw_grid, overlay, overlay_contrast


def test_the_overlay_colours_where_the_map_is_high_and_leaves_the_rest():
    photo = np.full((64, 64, 3), 0.5)
    heat = np.zeros((FINE, FINE))
    heat[0, -1] = 1
    seen = overlay(photo, heat)
    assert seen.shape == photo.shape
    assert np.abs(seen[40:, :30] - 0.5).max() < 1e-12
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
    np.testing.assert_allclose(seen[32, 32], 0.299 * 0.2 + 0.587 * 0.8 + 0.114 * 0.5, atol=1e-6)


@pytest.mark.parametrize("lay", [overlay, overlay_contrast])
def test_a_map_of_few_cells_is_drawn_as_cells_and_says_so(lay):
    """Smoothed, 2 x 2 cells would look as if they knew where within a quarter of the photo it is."""
    heat = np.array([[1.0, 0.25], [0.5, 0.0]])
    seen = lay(np.full((64, 64, 3), 0.5), heat)
    for quarter in (seen[:32, :32], seen[:32, 32:], seen[32:, :32], seen[32:, 32:]):
        assert np.ptp(quarter, axis=(0, 1)).max() < 1e-6
    assert cells(heat) == "2 x 2 cells"
    assert cells(np.zeros((FINE, FINE))) == ""


def test_the_photo_is_seen_also_where_the_map_is_highest():
    stripes = np.repeat(np.tile([0.0, 1.0], 32)[None, :, None], 64, axis=0).repeat(3, axis=2)
    seen = overlay(stripes, np.ones((8, 8)))
    assert np.abs(seen[:, 1::2] - seen[:, ::2]).min() > 0.3


def test_equal_steps_of_a_map_are_equal_steps_of_lightness():
    """In turbo and jet lightness goes up and down, so that a half of the highest stands out most."""
    seen = [overlay(np.full((8, 8, 3), 0.0), np.full((8, 8), heat))[0, 0] for heat in np.linspace(0, 1, 33)]
    lightness = 116 * np.cbrt(np.array(seen) ** 2.2 @ (0.2126, 0.7152, 0.0722)) - 16
    steps = np.diff(lightness[8:])  # below that it is nearly transparent
    assert steps.min() > 0
    assert steps.max() < 2.5 * steps.mean()


@pytest.mark.parametrize(
    "rows", [[], [("갈비찜", [Tile(None, "gone"), None])], [("", [Tile(np.zeros((9, 9, 3)), "x")])]]
)
def test_a_picture_comes_of_whatever_is_there(tmp_path, rows):
    with Image.open(draw_grid(rows, "A heading", tmp_path / "grid.png")) as picture:
        assert picture.width > 100 and picture.height > 50
