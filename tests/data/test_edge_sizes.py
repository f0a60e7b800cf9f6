"""Thin, tiny and huge photos: wherever photos are taken, in every `resize`, in no more memory than was asked for."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.torch_core import set_seed
from PIL import Image

from kfood.data.check import check_photos, readable
from kfood.data.loaders import as_items, build_dataloaders
from kfood.data.photo import open_photo
from kfood.data.preprocess import Preprocess
from kfood.data.threads import prediction_loader
from kfood.duplicates.image_hashes import image_hashes
from kfood.interpretation.galleries import draw_top_losses
from kfood.recipes.explain import validate
from kfood.reporting.thumbnails import shrink_photo

SHAPES = [(1, 1), (2, 1), (1, 5000), (5000, 1), (3, 60_000), (60_000, 1), (7, 7), (400, 90)]
RESIZES = ["squish", "crop", "pad"]
SIZE = 48


def drawn(folder: Path, ending: str = "png") -> pd.DataFrame:
    """Photos of all these shapes, in two classes and all splits."""
    rng, rows = np.random.default_rng(0), []
    for number, (width, height) in enumerate(SHAPES * 2):
        path = folder / f"{number:02}.{ending}"
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8)).save(path)
        split = ("train", "valid")[number >= len(SHAPES)]
        rows.append({"path": str(path), "label": f"{number % 2}", "split": split, "area": "", "group": str(path)})
    samples = pd.DataFrame(rows)
    return readable(samples, check_photos(samples, folder))[0]


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> pd.DataFrame:
    found = drawn(tmp_path_factory.mktemp("edges"))
    assert len(found) == 2 * len(SHAPES)
    return found


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("shape", [*SHAPES, (1, 65_000), (65_000, 2)])
@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_photo_takes_four_squares_at_most(tmp_path, resize, shape, ending):
    path = tmp_path / f"a.{ending}"
    Image.new("RGB", shape, (200, 30, 30)).save(path)
    tracemalloc.start()
    pixels = Preprocess(224, resize, "blur")(path)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pixels.nbytes <= 4 * 3 * 224**2
    assert highest < 3e6
    assert (min if resize == "crop" else max)(pixels.shape[:2]) == 224
    assert abs(int(pixels[..., 0].mean()) - 200) < 4


def test_crop_takes_the_middle_of_a_long_photo_and_all_of_a_panorama(tmp_path):
    stripes = np.zeros((10, 300, 3), np.uint8)
    stripes[:, 130:170] = 255  # four times the height, in the middle
    Image.fromarray(stripes).save(tmp_path / "long.png")
    shown = Preprocess(64, "crop", "none")(tmp_path / "long.png")
    assert shown.shape == (64, 256, 3) and (shown[:, 8:-8] > 250).all()  # at its ends, what is beside it shows through
    Image.fromarray(stripes[:, 130:170]).save(tmp_path / "panorama.png")
    assert Preprocess(64, "crop", "none")(tmp_path / "panorama.png").shape == (64, 256, 3)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("presize", [1.0, 1.5])
@pytest.mark.parametrize("resize", RESIZES)
def test_they_are_trained_on_and_predicted(samples, resize, presize, cache):
    data = {"size": SIZE, "resize": resize, "presize": presize, "cache": cache}
    augment = {"transforms": ["random_crop", "rotation", "horizontal_flip"]}
    recipe = validate({"data": data, "training": {"batch_size": 4, "workers": 0}, "augment": augment}, "test")
    set_seed(0)
    dls = build_dataloaders(samples, recipe)
    for loader in (*dls, prediction_loader(dls, as_items(samples))):
        for photos, _ in loader:
            assert photos.shape[1:] == (3, SIZE, SIZE)
            assert torch.isfinite(photos).all() and photos.abs().max() <= 1.01


def test_they_have_thumbnails_and_hashes(samples, tmp_path):
    for path in samples["path"]:
        content = shrink_photo(path, "", 128, 60)
        (tmp_path / "thumbnail.webp").write_bytes(content or b"")
        with Image.open(tmp_path / "thumbnail.webp") as thumbnail:
            assert max(thumbnail.size) <= 128 and min(thumbnail.size) >= 1
    assert len(image_hashes(samples).small) == len(samples)


def test_galleries_show_them(samples, tmp_path):
    table = samples.assign(predicted="0", probability=0.9, loss=1.0, p_0=0.9, p_1=0.1, split="test").head(len(SHAPES))
    assert draw_top_losses(table, tmp_path / "gallery.png", lambda path: open_photo(path, at_least=320)).is_file()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "RGB", "L", "CMYK"])
def test_a_large_photo_is_opened_in_twice_its_own_memory(tmp_path, mode, monkeypatch):
    """Pillow's memory is not Python's: what it allocates is counted by its own blocks."""
    path = tmp_path / ("a.tif" if mode in ("I;16", "CMYK") else "a.png")
    Image.new(mode, (4000, 3000)).save(path)
    sizes = []
    new, from_array = Image.Image._new, Image.new

    def noted(image: Image.Image) -> Image.Image:
        sizes.append(image.width * image.height)
        return image

    monkeypatch.setattr(Image.Image, "_new", lambda self, core: noted(new(self, core)))
    monkeypatch.setattr(Image, "new", lambda *args, **named: noted(from_array(*args, **named)))
    tracemalloc.start()
    assert open_photo(path).size == (4000, 3000)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(size >= 4000 * 3000 for size in sizes) <= 2
    assert highest < 6 * 4000 * 3000 + path.stat().st_size  # which is read first
