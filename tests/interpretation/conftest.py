"""Photos whose class is known to be decided at one place."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from kfood.data.loaders import Photo
from support.patches import BLUE, CELLS, PIXELS, RED


@pytest.fixture
def patches(tmp_path):
    """Grey photos with a red patch in one cell and a blue one in another."""
    rng = np.random.default_rng(0)
    photos, places = [], []
    for number in range(6):
        pixels = np.full((PIXELS, PIXELS, 3), 128, np.uint8)
        cells = rng.permutation(CELLS * CELLS)[:2]
        for cell, colour in zip(cells, (RED, BLUE), strict=True):
            row, column = divmod(int(cell), CELLS)
            side = PIXELS // CELLS
            pixels[row * side : (row + 1) * side, column * side : (column + 1) * side] = colour
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels).save(path)
        photos.append(Photo(str(path), "", "", "red" if number % 2 else "blue"))
        places.append(cells.tolist())
    return SimpleNamespace(photos=photos, places=places)
