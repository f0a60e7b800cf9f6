"""Activation maps are where the class is decided."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from PIL import Image
from torch import nn

from kfood.data.loaders import Photo, data_block, photo_loader, shrinking
from kfood.errors import KfoodError
from kfood.interpret.cam import activation_maps, overlay
from kfood.model.build import Classifier
from kfood.recipes.schema import Data, Recipe

PIXELS, CELLS = 32, 4
RED, BLUE = (255, 0, 0), (0, 0, 255)


class ColourBody(nn.Module):
    """Sees how red and how blue each of 4 x 4 cells is, on grounds of grey."""

    num_features = 2

    def forward_features(self, photos):
        cells = nn.functional.avg_pool2d(photos, PIXELS // CELLS)
        red, green, blue = cells.unbind(1)
        return torch.stack([red - green, blue - green], 1).relu()

    def forward_head(self, features, pre_logits):
        return features.mean((2, 3))


class TokenBody(ColourBody):
    def forward_features(self, photos):
        return super().forward_features(photos).flatten(2).transpose(1, 2)

    def forward_head(self, features, pre_logits):
        return features.mean(1)


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


def a_learner(photos, body) -> Learner:
    head = nn.Linear(2, 2, bias=False)
    nn.init.eye_(head.weight)  # class 0, blue, by the second feature
    head.weight.data = head.weight.data.flip(0)
    recipe = Recipe(data=Data(size=PIXELS))
    block = data_block(recipe, ["blue", "red"], 3, photo_loader(shrinking(recipe.data), None))
    block.get_items = None
    dls = block.dataloaders(photos, bs=2, num_workers=0)
    body.weight = nn.Parameter(torch.zeros(1))
    return Learner(dls, Classifier(body, head), loss_func=CrossEntropyLossFlat())


@pytest.mark.parametrize(("target", "which"), [(1, 0), (0, 1)])
def test_the_map_is_highest_where_the_classs_patch_is(patches, target, which):
    learner = a_learner(patches.photos, ColourBody())
    maps = activation_maps(learner, patches.photos, [target] * len(patches.photos))
    assert maps.shape == (6, CELLS, CELLS)
    for seen, places in zip(maps, patches.places, strict=True):
        assert seen.argmax() == places[which]
        assert seen.max() == pytest.approx(1)
        assert seen.flat[places[1 - which]] < 0.01


def test_a_body_of_tokens_has_no_map(patches):
    learner = a_learner(patches.photos, TokenBody())
    with pytest.raises(KfoodError, match="no feature map"):
        activation_maps(learner, patches.photos, [0] * len(patches.photos))


def test_the_overlay_colours_where_the_map_is_high_and_leaves_the_rest():
    photo = np.full((64, 64, 3), 0.5)
    heat = np.zeros((4, 4))
    heat[0, 3] = 1
    seen = overlay(photo, heat)
    assert seen.shape == photo.shape
    assert np.abs(seen[40:, :30] - 0.5).max() == 0
    assert np.abs(seen[2:6, 58:62] - 0.5).max() > 0.1
    assert seen.min() >= 0 and seen.max() <= 1
