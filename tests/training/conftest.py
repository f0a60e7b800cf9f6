"""A training small enough for tests: three classes of coloured squares, 32 px."""

from __future__ import annotations

import colorsys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fastai.torch_core import set_seed
from PIL import Image

from kfood.data.loaders import build_dataloaders
from kfood.recipes.explain import validate
from kfood.training.learner import build_learner
from support.tiny import CLASSES, tiny_model


@pytest.fixture(scope="session")
def tiny_samples(tmp_path_factory) -> pd.DataFrame:
    """20 train, 8 valid and 8 test photos of each of three classes, told apart by hue with much noise."""
    folder = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    rows = []
    for number, label in enumerate(CLASSES):
        for index in range(36):
            hue = (number / 3 + rng.normal(0, 0.05)) % 1
            colour = 255 * np.array(colorsys.hsv_to_rgb(hue, 0.6, 0.8))
            pixels = (colour + rng.normal(0, 40, (32, 32, 3))).clip(0, 255).astype(np.uint8)
            path = folder / f"{number}_{index:02}.png"
            Image.fromarray(pixels).save(path)
            split = "train" if index < 20 else "valid" if index < 28 else "test"
            rows.append({"path": str(path), "label": label, "split": split, "area": "", "group": str(path)})
    return pd.DataFrame(rows)


@pytest.fixture
def tiny(tiny_samples):
    """Return a function: settings by section -> recipe, DataLoaders and Learner, seeded."""

    def make(norm: bool = False, **sections: dict) -> SimpleNamespace:
        training = {"batch_size": 12, "epochs": 3, "workers": 0, **sections.pop("training", {})}
        recipe = validate({"data": {"size": 32}, "training": training, **sections}, "test")
        set_seed(recipe.training.seed, reproducible=True)
        dls = build_dataloaders(tiny_samples, recipe)
        learner = build_learner(dls, tiny_model(norm), recipe)
        return SimpleNamespace(recipe=recipe, dls=dls, learner=learner, model=learner.model)

    return make
