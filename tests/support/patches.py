"""Grey photos with a red and a blue patch, and a network that tells them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from PIL import Image
from torch import nn

from kfood.data.loaders import Photo, data_block, photo_loader
from kfood.data.preprocess import preprocessing
from kfood.model.build import Classifier
from kfood.recipes.schema import Data, Recipe

PIXELS, CELLS = 32, 4
RED, BLUE = (255, 0, 0), (0, 0, 255)


def draw_patches(folder: Path, n: int, noise: int = 0, both: bool = True) -> tuple[list[Photo], list[list[int]]]:
    """Draw grey photos with a red patch in one cell and a blue one in another; return them and these cells.

    Args:
        folder: where they are saved.
        n: photos, by turns blue and red.
        noise: standard deviation of each pixel's brightness, of 255.
        both: or only the patch of the photo's class.
    """
    rng = np.random.default_rng(0)
    photos, places = [], []
    for number in range(n):
        pixels = np.full((PIXELS, PIXELS, 3), 128, np.uint8)
        cells = rng.permutation(CELLS * CELLS)[:2]
        for of_red, (cell, colour) in enumerate(zip(cells, (RED, BLUE), strict=True)):
            row, column = divmod(int(cell), CELLS)
            side = PIXELS // CELLS
            if both or (of_red == 0) == (number % 2 == 1):
                pixels[row * side : (row + 1) * side, column * side : (column + 1) * side] = colour
        if noise:
            pixels = (pixels + rng.normal(0, noise, (PIXELS, PIXELS, 1))).clip(0, 255).astype(np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path)
        photos.append(Photo(str(path), "", "", "red" if number % 2 else "blue"))
        places.append(cells.tolist())
    return photos, places


class ColourBody(nn.Module):
    """Sees how red and how blue each of 4 x 4 cells is, on grounds of grey."""

    num_features = 2

    def forward_features(self, photos):
        cells = nn.functional.avg_pool2d(photos, PIXELS // CELLS)
        red, green, blue = cells.unbind(1)
        return torch.stack([red - green, blue - green], 1).relu()

    def forward_head(self, features, pre_logits):
        return features.mean((2, 3))


def a_learner(photos: list[Photo], body: nn.Module) -> Learner:
    """Class 0, blue, goes by the second feature, class 1 by the first."""
    head = nn.Linear(2, 2, bias=False)
    nn.init.eye_(head.weight)  # class 0, blue, by the second feature
    head.weight.data = head.weight.data.flip(0)
    recipe = Recipe(data=Data(size=PIXELS))
    block = data_block(recipe, ["blue", "red"], 3, photo_loader(preprocessing(recipe.data), None))
    block.get_items = None
    dls = block.dataloaders(photos, bs=2, num_workers=0)
    body.weight = nn.Parameter(torch.zeros(1))
    return Learner(dls, Classifier(body, head), loss_func=CrossEntropyLossFlat())
