"""Pixels from the cache are those of the file, whatever happened to photos, cache, disk or another process."""

import errno
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.data.core import DataLoaders
from fastai.torch_core import set_seed
from filelock import FileLock
from PIL import Image

from kfood.data import pixels as cache
from kfood.data.check import content_digest
from kfood.data.loaders import build_dataloaders
from kfood.data.pixels import Pixels, cached_pixels, photo_key
from kfood.data.prepare import prepare_samples
from kfood.data.shrink import Shrink
from kfood.errors import KfoodError
from kfood.paths import cache_folder
from kfood.recipes.explain import validate
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Data, Recipe
from kfood.run import Run
from kfood.training.learner import build_learner
from kfood.training.train import train
from support.tiny import tiny_model

SIZE = 32
SQUISH = Shrink(SIZE, "squish", "none")
BYTES = 3 * SIZE**2  # of a photo that is a square
AUGMENT = {"transforms": ["random_crop", "rotation", "horizontal_flip"]}
SPLITS = ("train", "train", "train", "valid", "test")
ORIENTATION = 0x0112


@pytest.fixture
def album(tmp_path) -> Callable[..., pd.DataFrame]:
    """Return a function that draws photos, all different, and gives their samples: two classes, three splits."""

    def draw(count: int = 10, first: int = 0, size: tuple[int, int] = (64, 48)) -> pd.DataFrame:
        rows = []
        for number in range(first, first + count):
            coarse = np.random.default_rng(number).integers(0, 256, (7, 9, 3), dtype=np.uint8)
            path = tmp_path / f"{number:03}.{'jpg' if number % 2 else 'png'}"
            Image.fromarray(coarse).resize(size).save(path)
            rows.append({"path": str(path), "label": "가나"[number // 5 % 2], "split": SPLITS[number % 5], "area": ""})
        return with_digests(pd.DataFrame(rows))

    return draw


@pytest.fixture
def decoded(monkeypatch) -> list[str]:
    """The digests of what is brought to size anew."""
    digests, original = [], Shrink.__call__

    def counted(self: Shrink, photo, area: str = "") -> np.ndarray:
        digests.append(content_digest(photo.getvalue() if isinstance(photo, BytesIO) else Path(photo).read_bytes()))
        return original(self, photo, area)

    monkeypatch.setattr(Shrink, "__call__", counted)
    return digests


@pytest.fixture
def segments_of(monkeypatch) -> Callable[[int], None]:
    """Return a function that sets how many photos a segment holds."""
    return lambda photos: monkeypatch.setattr(cache, "_PHOTOS_A_SEGMENT", photos)


@pytest.fixture
def limit(monkeypatch) -> Callable[[float], None]:
    """Return a function that lets the cache take so many square photos and no more."""
    return lambda photos: monkeypatch.setenv("KFOOD_CACHE_GB", str(photos * BYTES / 1e9))


def with_digests(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.assign(digest=[content_digest(Path(path).read_bytes()) for path in samples["path"]])


def from_cache(pixels: Pixels, samples: pd.DataFrame) -> list[np.ndarray | None]:
    return [pixels.find(photo_key(row.digest, row.area)) for row in samples.itertuples()]


def from_files(samples: pd.DataFrame, shrink: Shrink = SQUISH) -> list[np.ndarray]:
    return [shrink(row.path, row.area) for row in samples.itertuples()]


def all_right(pixels: Pixels, samples: pd.DataFrame, shrink: Shrink = SQUISH) -> bool:
    """Whether every photo is in the cache with the pixels that its file has."""
    pairs = list(zip(from_cache(pixels, samples), from_files(samples, shrink), strict=True))
    return all(found is not None and np.array_equal(found, expected) for found, expected in pairs)


def folders(kind: str) -> list[Path]:
    """Folders of the cache that are called segment-… or partial-…."""
    return sorted((cache_folder() / "pixels").glob(f"*/{kind}-*"))


def bytes_kept() -> int:
    return sum((segment / "pixels.bin").stat().st_size for segment in folders("segment"))


def recipe_of(**sections: dict) -> Recipe:
    data = {"size": SIZE, **sections.pop("data", {})}
    training = {"batch_size": 3, "workers": 0, **sections.pop("training", {})}
    return validate({"data": data, "training": training, **sections}, "test")


def loaders_of(samples: pd.DataFrame, seed: int = 0, **sections: dict) -> DataLoaders:
    set_seed(seed)
    return build_dataloaders(samples, recipe_of(**sections))


def two_epochs(dls: DataLoaders) -> torch.Tensor:
    """All pixels that two epochs of training give, and after each the validation photos."""
    return torch.cat([torch.Tensor(pixels) for _ in range(2) for of in dls for pixels, _ in of])


def same_as_without_cache(samples: pd.DataFrame, **sections: dict) -> bool:
    on, off = (
        two_epochs(loaders_of(samples, **{**sections, "data": {**sections.get("data", {}), "cache": use}}))
        for use in (True, False)
    )
    return torch.equal(on, off)


# What is kept


@pytest.mark.parametrize("denoise", ["none", "blur", "opening", "closing"])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_pixels_are_bit_for_bit_those_of_the_file(tmp_path, album, resize, denoise):
    samples, shrink = album(4), Shrink(SIZE, resize, denoise)
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
        Shrink(*way)
        for way in ((32, "squish", "none"), (33, "squish", "none"), (32, "crop", "none"), (32, "pad", "none"))
    ]
    ways += [Shrink(32, "squish", denoise) for denoise in ("blur", "opening", "closing")]
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
    anew = run("false")
    pd.testing.assert_frame_equal(kept.predictions, anew.predictions, check_exact=True)
    assert kept.history["valid_loss"].tolist() == anew.history["valid_loss"].tolist()


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
    samples, original = album(2), Shrink.__call__
    first, second = samples["path"]
    expected = from_files(samples)[0]

    def too_late(self: Shrink, photo, area: str = "") -> np.ndarray:
        shutil.copy(second, first)
        return original(self, photo, area)

    monkeypatch.setattr(Shrink, "__call__", too_late)
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


# Damage


class _Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def rewrite_index(segment: Path, **columns) -> None:
    with np.load(segment / "index.npz") as file:
        table = {name: file[name] for name in file.files} | columns
    np.savez(segment / "index.npz", **{name: column for name, column in table.items() if column is not None})


DAMAGES = {
    "pixels cut": lambda segment, evil: os.truncate(segment / "pixels.bin", 4 * BYTES - 1),
    "pixels of other photos": lambda segment, evil: os.truncate(segment / "pixels.bin", 3 * BYTES),
    "too many pixels": lambda segment, evil: os.truncate(segment / "pixels.bin", 4 * BYTES + 1),
    "no pixels": lambda segment, evil: (segment / "pixels.bin").write_bytes(b""),
    "pixels gone": lambda segment, evil: (segment / "pixels.bin").unlink(),
    "index gone": lambda segment, evil: (segment / "index.npz").unlink(),
    "index empty": lambda segment, evil: (segment / "index.npz").write_bytes(b""),
    "index garbage": lambda segment, evil: (segment / "index.npz").write_bytes(bytes(range(250)) * 2),
    "index cut": lambda segment, evil: os.truncate(segment / "index.npz", 400),
    "index without widths": lambda segment, evil: rewrite_index(segment, width=None),
    "index too short": lambda segment, evil: rewrite_index(segment, height=np.array([SIZE] * 3)),
    "index of nothing": lambda segment, evil: rewrite_index(segment, key=np.empty(0, "S96"), height=[], width=[]),
    "pickle in the index": lambda segment, evil: rewrite_index(segment, key=np.array([evil] * 4, dtype=object)),
    "pickle as the index": lambda segment, evil: (segment / "index.npz").write_bytes(pickle.dumps(evil)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_segment_is_passed_over_and_its_photos_decoded_again(
    album, tmp_path, caplog, decoded, segments_of, damage
):
    segments_of(4)
    samples = album(8)
    cached_pixels(samples, SQUISH)
    harmed = folders("segment")[0]
    damage(harmed, _Evil(tmp_path / "run"))
    decoded.clear()
    pixels = cached_pixels(samples, SQUISH)
    assert f"{harmed} is passed over" in caplog.text
    assert not (tmp_path / "run").exists()
    assert len(decoded) == 4
    assert all_right(pixels, samples)
    decoded.clear()
    assert all_right(cached_pixels(samples, SQUISH), samples)
    assert len(decoded) == 8  # by all_right alone


def test_a_damaged_segment_does_not_shift_the_others(album, segments_of):
    segments_of(1)
    samples = album(6)
    cached_pixels(samples, SQUISH)
    for segment in folders("segment")[::2]:
        (segment / "index.npz").unlink()
    found = from_cache(Pixels(folders("segment")[0].parent), samples)
    expected = from_files(samples)
    assert sum(photo is not None for photo in found) == 3
    assert all(photo is None or np.array_equal(photo, right) for photo, right in zip(found, expected, strict=True))


# Room


def test_photos_that_do_not_fit_are_said_with_both_numbers(album, monkeypatch, caplog, decoded):
    monkeypatch.setenv("KFOOD_CACHE_GB", "0.2")
    many = pd.DataFrame({"path": [f"/{n}" for n in range(1500)], "digest": [f"{n:032x}" for n in range(1500)]})
    cached_pixels(many.assign(area=""), Shrink(320, "squish", "none"))
    assert "0.5 GB of pixels do not fit into the 0.2 GB that the cache may take in" in caplog.text
    assert "KFOOD_CACHE names another folder, KFOOD_CACHE_GB another limit" in caplog.text
    assert decoded == []


def test_training_goes_on_where_photos_do_not_fit(album, limit, caplog):
    limit(9)
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert folders("segment") == folders("partial") == []
    assert "Photos are decoded anew in each epoch" in caplog.text


def test_a_limit_that_just_suffices_suffices(album, limit, caplog):
    limit(10.001)
    samples = album(10)
    assert all_right(cached_pixels(samples, SQUISH), samples)
    assert caplog.text == ""


def test_a_gigabyte_of_the_disk_stays_free(album, monkeypatch, caplog):
    free = 2**30 + 4 * BYTES
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    samples = album(5)
    assert from_cache(cached_pixels(samples, SQUISH), samples) == [None] * 5
    assert "do not fit" in caplog.text
    assert all_right(cached_pixels(samples[:4], SQUISH), samples[:4])


@pytest.mark.parametrize("given", ["lots", "20 GB", "-1", "nan"])
def test_a_limit_that_is_no_number_is_told(album, monkeypatch, given):
    monkeypatch.setenv("KFOOD_CACHE_GB", given)
    with pytest.raises(KfoodError, match=re.escape(f'KFOOD_CACHE_GB is "{given}": it must be a number of gigabytes')):
        cached_pixels(album(1), SQUISH)


def kept_since(seconds: int, samples: pd.DataFrame, shrink: Shrink) -> list[Path]:
    """Keep photos and let their segments look as if they were last used so long ago."""
    before = set(folders("segment"))
    cached_pixels(samples, shrink)
    segments = [segment for segment in folders("segment") if segment not in before]
    for segment in segments:
        os.utime(segment, (10**9 - seconds,) * 2)
    return segments


def test_what_was_not_used_for_longest_makes_room(album, limit):
    ages = {"crop": 20, "pad": 30, "squish": 10}
    samples = album(4, size=(48, 48))
    segments = {resize: kept_since(age, samples, Shrink(SIZE, resize, "none")) for resize, age in ages.items()}
    limit(12.001)
    cached_pixels(samples, Shrink(SIZE, "squish", "blur"))
    assert not segments["pad"][0].exists()
    assert segments["crop"][0].exists() and segments["squish"][0].exists()
    limit(8.001)
    cached_pixels(samples, Shrink(SIZE, "squish", "opening"))
    assert not segments["crop"][0].exists() and not segments["squish"][0].exists()  # and not what was made last
    assert all_right(cached_pixels(samples, Shrink(SIZE, "squish", "blur")), samples, Shrink(SIZE, "squish", "blur"))


def test_using_photos_makes_them_the_last_to_go(album, limit):
    samples, old, new = album(4, size=(48, 48)), Shrink(SIZE, "crop", "none"), Shrink(SIZE, "pad", "none")
    (used,), (unused,) = kept_since(20, samples, old), kept_since(10, samples, new)
    cached_pixels(samples, old)
    limit(8.001)
    cached_pixels(samples, SQUISH)
    assert used.exists() and not unused.exists()


def test_photos_of_another_data_set_at_the_same_size_go_before_those_in_use(album, limit, monkeypatch):
    ours, theirs, added = album(4), album(4, first=4), album(4, first=8)
    (own,), (foreign,) = kept_since(10, ours, SQUISH), kept_since(20, theirs, SQUISH)
    own = own.rename(own.with_name("segment-a"))
    foreign = foreign.rename(foreign.with_name("segment-b"))
    clock, utime = count(2 * 10**9), os.utime  # the system's own is too coarse to tell which was used first
    monkeypatch.setattr(cache.os, "utime", lambda path, times=None: utime(path, times or (next(clock),) * 2))
    limit(8.001)
    both = pd.concat([ours, added])
    pixels = cached_pixels(both, SQUISH)
    assert own.exists() and not foreign.exists()
    assert all_right(pixels, both)


def test_photos_of_a_training_do_not_push_each_other_out_silently(album, limit, caplog):
    limit(6.001)
    cached_pixels(album(4), SQUISH)
    samples = album(8)
    kept = sum(photo is not None for photo in from_cache(cached_pixels(samples, SQUISH), samples))
    assert kept == 8 or "decoded anew" in caplog.text


def test_the_limit_holds_for_photos_that_are_no_squares(album, limit):
    limit(4.001)
    cached_pixels(album(4, size=(160, 40)), Shrink(SIZE, "crop", "none"))
    assert bytes_kept() <= 4.001 * BYTES


def test_a_limit_of_nan_throws_nothing_away(album, monkeypatch):
    (segment,) = kept_since(0, album(2), Shrink(SIZE, "pad", "none"))
    monkeypatch.setenv("KFOOD_CACHE_GB", "nan")
    try:
        cached_pixels(album(2), SQUISH)
    except KfoodError as error:
        assert "KFOOD_CACHE_GB" in str(error)
    assert segment.exists()


# A cache that cannot be written to


def test_a_cache_folder_that_is_a_file_costs_time_only(album, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "file"))
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert "Photos are decoded anew in each epoch: they cannot be kept" in caplog.text


def test_a_read_only_cache_folder_costs_time_only(album, monkeypatch, caplog):
    def refuse(self: Path, *args, **kwargs) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert "Read-only file system" in caplog.text


@pytest.mark.parametrize("number", [errno.EROFS, errno.EPERM])
def test_a_read_only_cache_is_read(album, monkeypatch, decoded, number):
    """A cache that an administrator filled, on a file system that others may only read."""
    samples = album(4)
    cached_pixels(samples, SQUISH)
    decoded.clear()

    def refuse(*args, **kwargs) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache.os, "utime", refuse)
    pixels = cached_pixels(samples, SQUISH)
    assert decoded == []
    assert all_right(pixels, samples)


@pytest.mark.parametrize("good_writes", [0, 1, 2, 3])
def test_a_full_disk_leaves_nothing_half_written(album, monkeypatch, caplog, segments_of, good_writes):
    """Each segment is two files: of four segments, so many files can be written."""
    segments_of(3)
    writes, fsync = [], os.fsync

    def full(file: int) -> None:
        writes.append(file)
        if len(writes) > good_writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    samples = album(10)
    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "fsync", full)
        pixels = cached_pixels(samples, SQUISH)
    assert "No space left on device" in caplog.text
    assert folders("partial") == [] and len(folders("segment")) == good_writes // 2
    kept = 3 * (good_writes // 2)
    assert all_right(pixels, samples[:kept])
    assert from_cache(pixels, samples[kept:]) == [None] * (10 - kept)
    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "fsync", full)
        assert same_as_without_cache(samples, augment=AUGMENT)
    assert all_right(cached_pixels(samples, SQUISH), samples)  # there is room again


# Other processes

BUILDER = """
import logging, sys, threading
import pandas as pd
from kfood.data import pixels
from kfood.data.shrink import Shrink

table, stop_at = sys.argv[1], int(sys.argv[2])
logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
pixels._PHOTOS_A_SEGMENT = pixels._AT_ONCE = 3
calls, one_at_a_time, original = [], threading.Lock(), Shrink.__call__

def stopping(self, photo, area=""):
    with one_at_a_time:
        calls.append(photo)
        if len(calls) == stop_at:
            print("stopped", flush=True)
            sys.stdin.readline()
    return original(self, photo, area)

Shrink.__call__ = stopping
samples = pd.read_csv(table, dtype=str, keep_default_na=False)
sys.stdin.readline()
pixels.cached_pixels(samples, Shrink(32, "squish", "none"))
print("decoded:", len(calls), flush=True)
"""


@pytest.fixture
def builder(tmp_path):
    """Return a function that starts a process which keeps photos once it is told to go, in segments of three.

    It stops before it decodes its `stop_at`-th photo, and goes on when it is told to go again.
    """
    started = []

    def start(samples: pd.DataFrame, stop_at: int = 0) -> subprocess.Popen:
        table = tmp_path / f"samples{len(started)}.csv"
        samples.to_csv(table, index=False)
        command = [sys.executable, "-c", BUILDER, str(table), str(stop_at)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def wait_for(process: subprocess.Popen, words: str) -> str:
    """Read what a process says until it says these words, and return that line."""
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"the process ended without saying {words!r}")


@pytest.mark.skipif(sys.platform == "win32", reason="removes files that are in use")
def test_a_killed_process_leaves_no_lock_and_its_remains_are_cleared(album, builder, decoded):
    samples = album(10)
    process = builder(samples, stop_at=6)
    go(process)
    wait_for(process, "stopped")
    assert len(folders("partial")) == len(folders("segment")) == 1
    process.kill()
    process.wait()
    assert len(folders("partial")) == 1  # nobody tidied up
    with FileLock(folders("partial")[0].with_name("lock"), timeout=0):
        pass
    pixels = cached_pixels(samples, SQUISH)
    assert sorted(decoded) == sorted(samples["digest"][3:])  # not those that it had finished
    assert folders("partial") == []
    assert all_right(pixels, samples)


@pytest.mark.skipif(sys.platform == "win32", reason="removes files that are in use")
def test_two_processes_at_once_decode_each_photo_once(album, builder):
    samples = album(10)
    first, second = builder(samples[:6], stop_at=2), builder(samples)
    go(first)
    wait_for(first, "stopped")
    go(second)
    wait_for(second, "Another process is decoding photos")
    assert len(folders("partial")) == 1  # the second one leaves the first one's alone
    go(first)
    assert wait_for(first, "decoded:") == "decoded: 6\n"
    assert wait_for(second, "decoded:") == "decoded: 4\n"
    assert folders("partial") == [] and bytes_kept() == 10 * BYTES
    assert all_right(Pixels(folders("segment")[0].parent), samples)


def test_segments_that_another_process_throws_away_stay_readable(album):
    samples = album(4)
    pixels = cached_pixels(samples, SQUISH)
    for segment in folders("segment"):
        shutil.rmtree(segment)
    assert all_right(pixels, samples)
    assert all_right(cached_pixels(samples, SQUISH), samples)
