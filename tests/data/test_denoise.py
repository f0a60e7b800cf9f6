"""The denoisers do to a small picture what is computed by hand."""

import numpy as np
import pytest
from PIL import Image

from support.denoised import blur, closing, opening


def picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8))


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 9, 3))


def extreme(values: np.ndarray, which) -> np.ndarray:
    """The largest or smallest of each 3 x 3 neighbourhood, by channel; the border is repeated outwards."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return which(windows, axis=(-2, -1))


def test_blur_is_the_weighted_mean_of_neighbours(noise):
    weights = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    windows = np.lib.stride_tricks.sliding_window_view(noise, (3, 3), axis=(0, 1))
    by_hand = (windows * weights).sum((-2, -1))
    assert np.abs(np.asarray(blur(picture(noise)))[1:-1, 1:-1] - by_hand).max() <= 0.5 + 1e-6  # rounding


def test_blur_keeps_a_plain_picture_and_spreads_a_point():
    assert (np.asarray(blur(picture(np.full((5, 5, 3), 77)))) == 77).all()
    point = np.zeros((5, 5, 3))
    point[2, 2] = 160
    assert np.asarray(blur(picture(point)))[1:4, 1:4, 0].tolist() == [[10, 20, 10], [20, 40, 20], [10, 20, 10]]


@pytest.mark.parametrize(
    ("denoise", "first", "second"), [(opening, np.min, np.max), (closing, np.max, np.min)], ids=["opening", "closing"]
)
def test_morphology_is_erosion_and_dilation(noise, denoise, first, second):
    assert np.array_equal(np.asarray(denoise(picture(noise))), extreme(extreme(noise, first), second))


@pytest.mark.parametrize(
    ("denoise", "speck", "stays"),
    [(opening, 255, False), (opening, 0, True), (closing, 0, False), (closing, 255, True)],
)
def test_opening_removes_bright_specks_and_closing_dark_ones(denoise, speck, stays):
    values = np.full((9, 9, 3), 100)
    values[4, 4] = speck
    result = np.asarray(denoise(picture(values)))
    assert (result[4, 4] == (speck if stays else 100)).all()
    assert (result[0] == 100).all()
