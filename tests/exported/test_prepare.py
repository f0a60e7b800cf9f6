"""What a model.onnx is given of a photo is what kfood's network is given of it in validation."""

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.vision.augment import Resize
from fastai.vision.core import PILImage
from PIL import Image
from torch import nn

from kfood.data.loaders import RESIZE_METHODS, build_dataloaders
from kfood.exported.predict import resized, squared
from kfood.exporting.network import Answers
from kfood.model.build import Classifier
from kfood.recipes.load import load_recipe
from support.odd_photos import draw_odd_photos
from support.preparing import preparing

WAYS = [
    ("squish", 1.0, "none"),
    ("squish", 1.25, "blur"),
    ("squish", 2.0, "none"),
    ("squish", 2.05, "none"),
    ("squish", 3.0, "none"),
    ("crop", 1.0, "opening"),
    ("crop", 1.5, "none"),
    ("pad", 1.0, "closing"),
    ("pad", 2.6, "none"),
]


@pytest.fixture(scope="module")
def odd_photos(tmp_path_factory):
    return [path for path in draw_odd_photos(tmp_path_factory.mktemp("odd")) if "megapixels" not in path.name]


@pytest.mark.parametrize(("resize", "presize", "denoise"), WAYS)
def test_the_network_is_given_the_same(odd_photos, resize, presize, denoise):
    names = ["가", "나"]
    samples = pd.DataFrame({"path": map(str, odd_photos), "area": "", "split": "valid"})
    samples = pd.concat([samples, samples.assign(split="train")], ignore_index=True)
    samples["label"] = [names[number % 2] for number in samples.index]
    settings = [f"data.presize={presize}", f"data.resize={resize}", f"data.denoise={denoise}"]
    recipe = load_recipe("mission1", ["data.size=40", "data.cache=false", "training.batch_size=16", *settings], "demo")
    expected = torch.cat([batch[0] for batch in build_dataloaders(samples, recipe).valid]).as_subclass(torch.Tensor)
    model = preparing(40, presize, resize, denoise)
    photos = np.stack([model.prepare(path) for path in odd_photos])
    assert photos.shape[1:] == (model.side, model.side, 3) and photos.dtype == np.uint8
    given = Answers(Classifier(nn.Identity(), nn.Identity()), 40, model.side).given(torch.from_numpy(photos))
    torch.testing.assert_close(given, expected.cpu(), rtol=0, atol=2e-5)


@pytest.mark.parametrize("resize", ["crop", "pad"])
@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1, 50), (50, 1), (33, 32), (90, 31), (31, 90), (64, 64), (7, 900)]
)
def test_squares_are_those_of_fastai(resize, width, height):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = resized(Image.fromarray(pixels), 32, resize, "none")
    expected = Resize(32, method=RESIZE_METHODS[resize])(PILImage.create(small), split_idx=1)
    assert np.array_equal(squared(small, 32), np.asarray(expected))
