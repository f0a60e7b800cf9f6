"""Pixels from the cache are those of the file, in training too, and whatever happened to the photos."""

import os
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.torch_core import set_seed
from PIL import Image

from kfood.data.pixel_cache import cached_pixels
from kfood.data.prepare import prepare_samples
from kfood.data.preprocess import Preprocess
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Data
from kfood.run.folder import Run
from kfood.training.learner import build_learner
from kfood.training.train import train
from support.album import (
    AUGMENT,
    BYTES,
    ORIENTATION,
    SIZE,
    SQUISH,
    all_right,
    bytes_kept,
    folders,
    from_cache,
    from_files,
    loaders_of,
    recipe_of,
    same_as_without_cache,
    two_epochs,
    with_digests,
)
from support.tiny import tiny_model

pytestmark = pytest.mark.slow

# What is kept


@pytest.mark.parametrize("denoise", ["none", "blur", "opening", "closing"])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_pixels_are_bit_for_bit_those_of_the_file(tmp_path, album, resize, denoise):
    samples, shrink = album(4), Preprocess(SIZE, resize, denoise)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = Image.open(samples["path"][0])
    for number, (name, image, options) in enumerate(
        [
            ("large.jpg", picture.resize((500, 300)), {}),  # decoded smaller
            ("turned.jpg", picture, {"exif": exif}),
            ("tall.png", picture.resize((9, 200)), {}),
            ("grey.jpg", picture.convert("L"), {}),
            ("clear.png", picture.convert("RGBA").rotate(45), {}),
        ]
    ):
        image.save(tmp_path / name, **options)
        samples.loc[10 + number] = {**samples.loc[0], "path": str(tmp_path / name)}
    cut = samples.assign(area=["10,5,30,20", "0,0,17,40"] + ["2,2,7,200"] * (len(samples) - 2))
    both = with_digests(pd.concat([samples, cut], ignore_index=True))
    for _ in ("decoded", "found"):
        assert all_right(cached_pixels(both, shrink), both, shrink)


def test_found_pixels_cannot_be_written_to(album):
    samples = album(1)
    (photo,) = from_cache(cached_pixels(samples, SQUISH), samples)
    with pytest.raises(ValueError, match="read-only"):
        photo[0, 0] = 0
    assert all_right(cached_pixels(samples, SQUISH), samples)


def test_the_same_content_under_two_names_is_kept_once(album, tmp_path, decoded):
    samples = album(2)
    shutil.copy(samples["path"][0], tmp_path / "copy.png")
    samples.loc[2] = {**samples.loc[0], "path": str(tmp_path / "copy.png")}
    pixels = cached_pixels(samples, SQUISH)
    assert len(decoded) == 2 and bytes_kept() == 2 * BYTES
    assert all_right(pixels, samples)


def test_sizes_resizes_and_denoisings_are_never_mixed_up(album):
    samples = album(3)
    ways = [
        Preprocess(*way)
        for way in ((32, "squish", "none"), (33, "squish", "none"), (32, "crop", "none"), (32, "pad", "none"))
    ]
    ways += [Preprocess(32, "squish", denoise) for denoise in ("blur", "opening", "closing")]
    for way in ways:
        cached_pixels(samples, way)
    for way in ways:
        assert all_right(cached_pixels(samples, way), samples, way)
    assert len({photo.tobytes() for way in ways for photo in from_cache(cached_pixels(samples, way), samples)}) == 21


def test_areas_of_one_photo_are_never_mixed_up(album):
    areas = ["", "0,0,20,20", "0,0,20,2", "0,0,2,20", "20,20,20,20", "1,11,20,20", "11,1,20,20"]
    samples = pd.concat([album(1).assign(area=area) for area in areas], ignore_index=True)
    pixels = cached_pixels(samples, SQUISH)
    assert all_right(pixels, samples)
    assert len({photo.tobytes() for photo in from_cache(pixels, samples)}) == len(areas)


def test_photos_that_were_decoded_once_are_not_decoded_again(album, decoded, segments_of):
    segments_of(4)
    samples = album(10)
    cached_pixels(samples, SQUISH)
    assert sorted(decoded) == sorted(samples["digest"])
    decoded.clear()
    pixels = cached_pixels(samples, SQUISH)
    assert decoded == []
    assert all_right(pixels, samples)


def test_only_added_photos_are_decoded(album, decoded):
    cached_pixels(album(4), SQUISH)
    decoded.clear()
    more = album(7)
    pixels = cached_pixels(more, SQUISH)
    assert sorted(decoded) == sorted(more["digest"][4:])
    assert all_right(pixels, more)


def test_a_photo_that_is_not_there_is_not_found(album):
    samples, other = album(3), album(2, first=3)
    pixels = cached_pixels(samples, SQUISH)
    assert from_cache(pixels, other) == [None, None]
    assert pixels.has(pd.Series([*samples["digest"], *other["digest"]])).tolist() == [True] * 3 + [False] * 2
    assert pixels.find(samples["digest"][0][:-1]) is None
    assert pixels.find("") is None and pixels.find("z") is None


def test_a_training_decodes_test_photos_with_the_others(album, decoded):
    samples = album(10)
    loaders_of(samples)
    assert set(samples.loc[samples["split"] == "test", "digest"]) <= set(decoded)


# What training is given


@pytest.mark.parametrize(
    ("data", "augment"),
    [
        ({}, AUGMENT),
        ({}, {}),
        ({"resize": "crop"}, {}),
        ({"resize": "pad"}, {}),
        ({"resize": "crop", "denoise": "blur", "presize": 1.5}, AUGMENT),
        ({"resize": "pad", "denoise": "opening"}, AUGMENT),
    ],
    ids=str,
)
def test_batches_are_the_same_with_and_without_the_cache(album, decoded, data, augment):
    samples = album(10)
    expected = two_epochs(loaders_of(samples, data={**data, "cache": False}, augment=augment))
    decoded.clear()
    for _ in ("decoded", "found"):
        assert torch.equal(two_epochs(loaders_of(samples, data=data, augment=augment)), expected)
    assert len(decoded) == 10


@pytest.mark.parametrize("augment", [AUGMENT, {}], ids=["augmented", "crop"])
def test_each_epoch_shows_another_view_of_a_kept_photo(album, augment):
    one = pd.concat([album(1)] * 6, ignore_index=True).assign(split=["train"] * 5 + ["valid"])
    one = one.assign(label=["가", "나"] * 3)
    dls = loaders_of(one, augment=augment, data={"resize": "crop"}, training={"batch_size": 5})
    views = torch.cat([torch.Tensor(pixels) for _ in range(4) for pixels, _ in dls.train])
    assert len(torch.unique(views, dim=0)) > (19 if augment else 4)  # a crop has 12 places


def test_views_are_distributed_alike_with_and_without_the_cache(album):
    """Different seeds; for each pixel, mean and variance of 600 views may differ as chance lets them."""
    many = pd.concat([album(1)] * 202, ignore_index=True).assign(split=["train"] * 200 + ["valid"] * 2)
    many["label"] = ["가", "나"] * 101

    def views(seed: int, keep: bool) -> torch.Tensor:
        dls = loaders_of(many, seed, augment=AUGMENT, data={"cache": keep}, training={"batch_size": 100})
        return torch.cat([torch.Tensor(pixels) for _ in range(3) for pixels, _ in dls.train]).double()

    def most_apart(a: torch.Tensor, b: torch.Tensor) -> float:
        """Largest difference of two means, in its standard errors."""
        return ((a.mean(0) - b.mean(0)) / (a.var(0) / len(a) + b.var(0) / len(b)).sqrt()).abs().max().item()

    on, off = views(1, True), views(2, False)
    assert not torch.equal(on, off)
    middle = torch.cat([on, off]).mean(0)
    assert most_apart(on, off) < 5
    assert most_apart((on - middle) ** 2, (off - middle) ** 2) < 5


def test_a_training_learns_the_same_with_and_without_the_cache(album):
    samples = album(20)

    def losses(keep: bool) -> list[list[float]]:
        learner = build_learner(loaders_of(samples, augment=AUGMENT, data={"cache": keep}), tiny_model(), recipe_of())
        with learner.no_logging():
            learner.fit(3)
        return [list(epoch) for epoch in learner.recorder.values]

    without = losses(False)
    assert losses(True) == losses(True) == without
    assert without[0] != without[2]


def test_a_run_is_the_same_with_and_without_the_cache(make_photos, tmp_path, decoded):
    photos = make_photos(tmp_path / "photos", {"김밥": 10, "라면": 10}, pixels=40)
    small = ("model.arch=resnet10t", "data.size=32", "training.epochs=1", "training.batch_size=6", "training.workers=0")

    def run(keep: str) -> Run:
        settings = [*small, "training.precision=float32", f"data.cache={keep}"]
        return train(load_recipe("mission1", settings, str(photos)), tmp_path / "runs")

    kept = run("true")
    assert len(decoded) == 20  # once, for training, validation and the predictions after them
    again = run("false")
    pd.testing.assert_frame_equal(kept.predictions, again.predictions, check_exact=True)
    assert kept.history["valid_loss"].tolist() == again.history["valid_loss"].tolist()


def test_nothing_is_kept_where_the_recipe_says_so(album):
    two_epochs(loaders_of(album(10), data={"cache": False}))
    assert folders("segment") == []


def test_samples_without_digests_are_read_from_their_files(album):
    samples = album(10).drop(columns="digest")
    assert same_as_without_cache(samples, augment=AUGMENT)
    assert folders("segment") == []


def test_samples_of_which_some_have_no_digest_are_right_too(album):
    samples = album(10)
    half = samples.assign(digest=samples["digest"].where(samples.index < 4, ""))
    assert same_as_without_cache(half, augment=AUGMENT)
    assert bytes_kept() == 4 * BYTES
    assert from_cache(cached_pixels(half, SQUISH), samples)[4:] == [None] * 6


@pytest.mark.parametrize("workers", [0, 2])
def test_photos_that_are_gone_are_still_in_the_cache(album, workers):
    samples = album(10)
    expected = two_epochs(loaders_of(samples, data={"cache": False}, augment=AUGMENT, training={"workers": workers}))
    dls = loaders_of(samples, augment=AUGMENT, training={"workers": workers})
    for path in samples["path"]:
        os.unlink(path)
    assert torch.equal(two_epochs(dls), expected)


def test_keeping_photos_draws_no_random_number(album):
    set_seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    cached_pixels(album(3), SQUISH)
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before


# Photos that change


def test_a_photo_that_changes_is_never_shown_as_it_was(make_photos, tmp_path):
    """Size and time put back, as a copying tool does."""
    root = make_photos(tmp_path / "photos", {"김밥": 10, "라면": 10}, name="{:02}.bmp", pixels=40)
    data = Data(root=str(root), size=SIZE)

    def shown() -> tuple[list[str], torch.Tensor]:
        samples = prepare_samples(data).samples
        dls = loaders_of(samples)
        return [photo.path for photo in dls.valid.items], torch.cat([torch.Tensor(batch[0]) for batch in dls.valid])

    time.sleep(0.03)  # lets what is found in the photos be remembered: the harder case
    paths, before = shown()
    changed = Path(paths[1])
    status = changed.stat()
    Image.fromarray(255 - np.asarray(Image.open(changed))).save(changed)
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (changed.stat().st_size, changed.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    paths_after, after = shown()
    assert paths_after == paths
    expected = torch.tensor(SQUISH(changed) / 127.5 - 1, dtype=torch.float32).permute(2, 0, 1)
    assert torch.allclose(after[1], expected, atol=1e-6)
    assert not torch.allclose(after[1], before[1], atol=0.1)
    others = [number for number in range(len(paths)) if number != 1]
    assert torch.equal(after[others], before[others])


def test_a_photo_that_changed_since_its_check_is_not_kept_as_what_it_was(album):
    samples = album(10)
    old = Path(samples["path"][0]).read_bytes()
    shutil.copy(samples["path"][2], samples["path"][0])
    pixels = cached_pixels(samples, SQUISH)
    assert from_cache(pixels, samples)[0] is None
    assert all_right(pixels, samples[1:])
    assert same_as_without_cache(samples)  # what the file holds now
    Path(samples["path"][0]).write_bytes(old)
    assert all_right(cached_pixels(samples, SQUISH), samples)


def test_a_photo_that_changes_while_it_is_decoded_is_not_kept_as_what_it_was(album, monkeypatch):
    samples, original = album(2), Preprocess.__call__
    first, second = samples["path"]
    expected = from_files(samples)[0]

    def too_late(self: Preprocess, photo, area: str = "") -> np.ndarray:
        shutil.copy(second, first)
        return original(self, photo, area)

    monkeypatch.setattr(Preprocess, "__call__", too_late)
    found = from_cache(cached_pixels(samples[:1], SQUISH), samples)[0]
    assert found is None or np.array_equal(found, expected)


def test_a_photo_that_is_gone_or_broken_when_it_is_decoded_stops_no_other(album):
    samples = album(6)
    os.unlink(samples["path"][1])
    Path(samples["path"][4]).write_bytes(b"no photo")
    pixels = cached_pixels(samples, SQUISH)
    assert all_right(pixels, samples.drop([1, 4]))
    assert from_cache(pixels, samples.loc[[1, 4]]) == [None, None]


def test_nothing_is_kept_where_no_photo_can_be_decoded(album):
    samples = album(2)
    for path in samples["path"]:
        os.unlink(path)
    assert from_cache(cached_pixels(samples, SQUISH), samples) == [None, None]
    assert folders("segment") == folders("partial") == []
