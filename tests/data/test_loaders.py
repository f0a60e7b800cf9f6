"""What the network is given: pixels in -1..1, classes in order, each photo in its own split."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.data.core import DataLoaders
from fastai.torch_core import set_seed
from PIL import Image

from kfood.data import loaders
from kfood.data.loaders import as_items, build_dataloaders, photo_loader, worker_count
from kfood.data.preprocess import preprocessing
from kfood.errors import KfoodError
from kfood.recipes.explain import validate
from kfood.recipes.schema import Recipe
from support.album import with_digests
from support.denoised import opening

SIZE = 32
LEVELS = {"라면": 0, "갈비찜": 255, "김밥": 128}  # the grey of a class's plain photos
SPLITS = {"train": 12, "valid": 5, "test": 3}


def recipe_of(**sections: dict) -> Recipe:
    data = {"size": SIZE, **sections.pop("data", {})}
    training = {"batch_size": 6, "workers": 0, **sections.pop("training", {})}
    return validate({"data": data, "training": training, **sections}, "test")


def loaders_of(samples: pd.DataFrame, **sections: dict) -> DataLoaders:
    set_seed(0)
    return build_dataloaders(samples, recipe_of(**sections))


def everything(of) -> tuple[torch.Tensor, list[str]]:
    """All pixels and labels that one epoch of a loader gives."""
    batches = [(pixels.cpu(), labels.cpu()) for pixels, labels in of]
    pixels, numbers = (torch.cat(part) for part in zip(*batches, strict=True))
    return torch.Tensor(pixels), [of.vocab[number] for number in numbers]


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> pd.DataFrame:
    """Samples of plain photos whose grey is that of their class."""
    folder = tmp_path_factory.mktemp("plain")
    rows = []
    for label, level in LEVELS.items():
        path = folder / f"{label}.png"
        Image.new("RGB", (SIZE, SIZE), (level,) * 3).save(path)
        rows += [
            {"path": str(path), "label": label, "split": split, "area": ""}
            for split, count in SPLITS.items()
            for _ in range(count)
        ]
    return pd.DataFrame(rows)


@pytest.fixture
def samples_of(tmp_path):
    """Return a function that makes samples of one picture: six to train and two to validate, of two classes."""

    def make(image: Image.Image, area: str = "") -> pd.DataFrame:
        image.save(tmp_path / "photo.png")
        row = {"path": str(tmp_path / "photo.png"), "area": area}
        return pd.DataFrame(
            [
                {**row, "label": label, "split": split}
                for split, count in (("train", 3), ("valid", 1), ("test", 1))
                for label in ("가", "나")
                for _ in range(count)
            ]
        )

    return make


@pytest.fixture
def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))


def as_pixels(image: Image.Image) -> torch.Tensor:
    """3 x height x width in -1..1, computed without fastai."""
    return torch.tensor(np.asarray(image, dtype=np.float32) / 127.5 - 1).permute(2, 0, 1)


@pytest.mark.parametrize("which", [0, 1], ids=["train", "valid"])
def test_black_is_minus_one_white_is_one_and_labels_belong_to_their_photos(plain, which):
    pixels, labels = everything(loaders_of(plain)[which])
    assert pixels.shape[1:] == (3, SIZE, SIZE)
    for photo, label in zip(pixels, labels, strict=True):
        assert torch.allclose(photo, torch.tensor(LEVELS[label] / 127.5 - 1), atol=1e-6)
    assert pixels.min() == -1 and pixels.max() == 1


def test_classes_are_in_order_of_their_names(plain):
    dls = loaders_of(plain)
    assert list(dls.vocab) == ["갈비찜", "김밥", "라면"]
    assert dls.c == 3


def test_a_class_has_its_number_even_if_it_is_not_in_the_training_photos(plain):
    """Class numbers come from all samples."""
    dls = loaders_of(plain[(plain["label"] != "갈비찜") | (plain["split"] == "test")])
    assert list(dls.vocab) == ["갈비찜", "김밥", "라면"]


def test_an_epoch_shows_each_photo_of_its_split_once_and_no_test_photo(make_photos, tmp_path):
    make_photos(tmp_path, {f"{split}/김밥": count for split, count in SPLITS.items()}, name="{:02}.png", pixels=SIZE)
    make_photos(tmp_path, {f"{split}/라면": count for split, count in SPLITS.items()}, name="{:02}.png", pixels=SIZE)
    rows = [
        {"path": str(path), "label": path.parent.name, "split": path.parent.parent.name, "area": ""}
        for path in sorted(tmp_path.glob("*/*/*.png"))
    ]
    dls = loaders_of(pd.DataFrame(rows))
    for of, split in zip(dls, ("train", "valid"), strict=True):
        assert sorted(photo.path for photo in of.items) == [row["path"] for row in rows if row["split"] == split]
        assert len(everything(of)[0]) == 2 * SPLITS[split]
    order = [everything(dls.train)[1] for _ in range(2)]
    assert order[0] != order[1]  # training photos are shuffled
    assert everything(dls.valid)[1] == ["김밥"] * SPLITS["valid"] + ["라면"] * SPLITS["valid"]


@pytest.mark.parametrize("presize", [1.0, 2.0])
def test_validation_shows_the_whole_photo_as_it_is(samples_of, noise, presize):
    augment = {"transforms": ["random_crop", "rotation", "horizontal_flip"]}
    big = noise.resize((int(SIZE * presize),) * 2, Image.Resampling.NEAREST)
    pixels, _ = everything(loaders_of(samples_of(big), augment=augment, data={"presize": presize}).valid)
    assert torch.allclose(pixels, as_pixels(noise).expand_as(pixels), atol=1e-5)


def test_training_shows_the_photo_as_it_is_without_augmentation_and_parts_of_it_with(samples_of, noise):
    samples = samples_of(noise)
    as_it_is, _ = everything(loaders_of(samples).train)
    assert torch.allclose(as_it_is, as_pixels(noise).expand_as(as_it_is), atol=1e-6)
    cropped, _ = everything(loaders_of(samples, augment={"transforms": ["random_crop"]}).train)
    assert cropped.shape == as_it_is.shape
    assert len(torch.unique(cropped, dim=0)) == len(cropped)  # of one photo, six different parts


@pytest.mark.parametrize("policy", ["rand_augment", "trivial_augment"])
def test_a_policy_changes_each_training_photo_by_a_draw_of_its_own_and_no_others(samples_of, noise, policy):
    loaders = loaders_of(samples_of(noise), augment={"policy": policy})
    (train, _), (valid, _) = everything(loaders.train), everything(loaders.valid)
    changed = [photo for photo in train if not torch.allclose(photo, as_pixels(noise), atol=0.01)]
    assert len(changed) > 0.6 * len(train)  # some draw is to change nothing
    assert len(torch.stack(changed).flatten(1).unique(dim=0)) > 0.8 * len(changed)
    assert train.min() >= -1 and train.max() <= 1
    assert torch.allclose(valid, as_pixels(noise).expand_as(valid), atol=1e-6)


def test_a_policy_is_as_strong_as_its_magnitude(samples_of, noise):
    def change(magnitude: int) -> float:
        torch.manual_seed(0)
        augment = {"policy": "rand_augment", "magnitude": magnitude}
        train, _ = everything(loaders_of(samples_of(noise), augment=augment).train)
        return float((train - as_pixels(noise)).abs().mean())

    assert change(2) < change(25)


def test_erasing_changes_training_photos_and_no_others(samples_of, noise):
    loaders = loaders_of(samples_of(noise), augment={"erasing": 1.0})
    (train, _), (valid, _) = everything(loaders.train), everything(loaders.valid)
    same = train == as_pixels(noise)
    assert not same.flatten(1).all(1).any() and same.float().mean() > 0.6  # at most a third of each photo
    assert torch.allclose(valid, as_pixels(noise).expand_as(valid), atol=1e-6)


@pytest.mark.parametrize(
    ("method", "left", "right"),
    [("squish", (255, 0, 0), (0, 0, 255)), ("crop", (0, 255, 0), (0, 255, 0)), ("pad", (255, 0, 0), (0, 0, 255))],
)
def test_resize_squishes_crops_or_pads(samples_of, method, left, right):
    """A photo three times as wide as high: red, green, blue."""
    wide = Image.new("RGB", (3 * SIZE, SIZE), (0, 255, 0))
    wide.paste((255, 0, 0), (0, 0, SIZE, SIZE))
    wide.paste((0, 0, 255), (2 * SIZE, 0, 3 * SIZE, SIZE))
    pixels, _ = everything(loaders_of(samples_of(wide), data={"resize": method}).valid)
    middle = pixels[0, :, SIZE // 2]
    assert torch.allclose(middle[:, 1], torch.tensor(left) / 127.5 - 1, atol=0.02)
    assert torch.allclose(middle[:, -2], torch.tensor(right) / 127.5 - 1, atol=0.02)


@pytest.mark.parametrize("which", [0, 1], ids=["train", "valid"])
def test_photos_are_denoised_in_training_and_validation(samples_of, noise, which):
    pixels, _ = everything(loaders_of(samples_of(noise), data={"denoise": "opening"})[which])
    assert torch.allclose(pixels, as_pixels(opening(noise)).expand_as(pixels), atol=1e-6)


def test_photos_are_cut_to_their_area(samples_of, noise):
    framed = Image.new("RGB", (3 * SIZE, 2 * SIZE))
    framed.paste(noise, (SIZE, 5))
    pixels, _ = everything(loaders_of(samples_of(framed, area=f"{SIZE},5,{SIZE},{SIZE}")).valid)
    assert torch.allclose(pixels, as_pixels(noise).expand_as(pixels), atol=1e-6)


@pytest.mark.parametrize(("batch_size", "suggested"), [(37, 9), (1000, 9)])
def test_a_batch_larger_than_the_training_set_is_told(plain, batch_size, suggested):
    with pytest.raises(KfoodError) as caught:
        loaders_of(plain, training={"batch_size": batch_size})
    assert f"training.batch_size is {batch_size}, but there are only 36 training photos" in str(caught.value)
    assert f"--set training.batch_size={suggested}" in str(caught.value)


def test_a_batch_of_the_whole_training_set_is_possible(plain):
    assert len(everything(loaders_of(plain, training={"batch_size": 36}).train)[0]) == 36


def test_a_batch_is_measured_by_what_under_sampling_leaves(plain):
    few = plain[(plain["label"] != "김밥") | (plain["split"] != "train") | (plain.index % 6 == 0)]
    left = 3 * few[few["split"] == "train"]["label"].value_counts().min()
    sampling = {"method": "under"}
    assert len(loaders_of(few, sampling=sampling, training={"batch_size": left}).train.items) == left
    with pytest.raises(KfoodError, match=f"only {left} training photos"):
        loaders_of(few, sampling=sampling, training={"batch_size": left + 1})


def test_over_sampling_shows_classes_equally_often_in_training_only(plain):
    rare = plain[(plain["label"] != "김밥") | (plain["split"] != "train") | (plain.index % 6 == 0)]
    many = pd.concat([rare, *[rare[rare["split"] == "train"]] * 9], ignore_index=True)
    dls = loaders_of(many, sampling={"method": "over"})
    shares = pd.Series(everything(dls.train)[1]).value_counts(normalize=True)
    assert shares.to_numpy() == pytest.approx([1 / 3] * 3, abs=0.1)
    assert pd.Series(everything(dls.valid)[1]).value_counts().tolist() == [SPLITS["valid"]] * 3


@pytest.mark.parametrize("method", ["none", "over"])
def test_the_order_of_photos_is_the_seeds(plain, method):
    def labels(seed: int) -> list[str]:
        random.seed(seed)
        np.random.seed(99 - seed)
        return everything(build_dataloaders(plain, recipe_of(sampling={"method": method})).train)[1]

    assert labels(0) == labels(0)
    assert labels(0) != labels(1)


def test_a_damaged_photo_stops_with_its_name(samples_of, noise):
    samples = samples_of(noise)
    with open(samples["path"][0], "wb") as file:
        file.write(b"no photo")
    with pytest.raises(OSError, match=r"photo\.png cannot be read as a photo"):
        photo_loader(preprocessing(recipe_of().data), None)(as_items(samples)[0])


@pytest.mark.parametrize(
    ("platform", "asked", "photos", "cores", "expected"),
    [
        ("linux", -1, 999, 4, 0),
        ("linux", -1, 1000, 4, 4),
        ("linux", -1, 1000, 64, 8),
        ("linux", 0, 10**6, 4, 0),
        ("linux", 3, 10, 2, 3),
        ("darwin", 3, 10**6, 4, 0),
        ("win32", -1, 10**6, 4, 0),
    ],
)
def test_number_of_loading_processes(monkeypatch, platform, asked, photos, cores, expected):
    monkeypatch.setattr(loaders.sys, "platform", platform)
    monkeypatch.setattr(loaders, "available_cores", lambda: cores)
    assert worker_count(asked, photos) == expected


def test_asking_for_processes_where_there_can_be_none_is_said(monkeypatch, caplog):
    monkeypatch.setattr(loaders.sys, "platform", "darwin")
    for asked in (-1, 0):
        worker_count(asked, 10**6)
    assert not caplog.text
    worker_count(3, 10**6)
    assert "training.workers = 3 is ignored: on macOS and Windows" in caplog.text


def test_a_cache_without_room_does_not_leave_all_photos_to_one_process(samples_of, noise, monkeypatch, caplog):
    caplog.set_level("INFO", "kfood")
    samples = with_digests(samples_of(noise))
    monkeypatch.setattr(loaders, "_FEW_PHOTOS", 1)
    monkeypatch.setattr(loaders, "available_cores", lambda: 2)
    whole = loaders_of(samples, data={"cache": True}, training={"workers": -1})
    assert whole.train.fake_l.num_workers == 0
    assert "Not all photos are in the cache" not in caplog.text
    monkeypatch.setenv("KFOOD_CACHE_GB", "0")
    without = loaders_of(samples, data={"cache": True, "size": 40}, training={"workers": -1})
    assert without.train.fake_l.num_workers == 2
    assert "each of 2 processes loads them in each epoch" in caplog.text
    loaders_of(samples, data={"cache": True, "size": 40}, training={"workers": 0})
    assert "this process alone loads them in each epoch" in caplog.text


def test_loading_processes_give_the_same_photos(plain):
    pixels, labels = everything(loaders_of(plain, training={"workers": 2}).train)
    alone, labels_alone = everything(loaders_of(plain, training={"workers": 0}).train)
    assert labels == labels_alone
    assert torch.equal(pixels, alone)


def test_validation_photos_go_through_the_network_in_the_same_parts(plain):
    """Where memory is too small for a batch, it is too small for as many validation photos."""
    whole = loaders_of(plain, training={"batch_size": 6})
    parts = loaders_of(plain, training={"batch_size": 6, "accumulate": 3})
    assert (whole.train.bs, whole.valid.bs) == (6, 6)
    assert (parts.train.bs, parts.valid.bs) == (6, 2)
