"""Small copies of photos, within a budget."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.reporting.thumbnails import BUDGET, make_thumbnails, shrink_photo


def table(paths, losses=None, area=""):
    return pd.DataFrame({"path": list(map(str, paths)), "area": area, "loss": losses or [1.0] * len(paths)})


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.fixture
def photo(tmp_path):
    """A photo red on its left half and blue on its right one, with all that a camera writes beside the picture."""
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[:, :200, 0] = pixels[:, 200:, 2] = 250
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x010E] = "taken at home"
    path = tmp_path / "photo.jpg"
    image.save(path, exif=exif, icc_profile=b"profile" * 500, quality=95)
    return path


def test_a_thumbnail_is_the_photo_and_nothing_beside_it(photo):
    content = shrink_photo(str(photo), "", 100, 60)
    small = opened(content)
    assert (small.format, small.size) == ("WEBP", (100, 75))
    assert small.convert("RGB").getpixel((10, 30))[0] > 200 < small.convert("RGB").getpixel((90, 30))[2]
    assert not {"exif", "icc_profile", "xmp"} & set(small.info)
    assert b"home" not in content


def test_a_thumbnail_is_cut_as_the_photo_was_for_training(photo):
    small = opened(shrink_photo(str(photo), "220,0,100,100", 64, 60)).convert("RGB")
    assert small.size == (64, 64)
    red, _, blue = np.asarray(small).mean((0, 1))
    assert red < 20 and blue > 200


def test_a_small_photo_is_not_made_larger(tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    assert opened(shrink_photo(str(tmp_path / "a.png"), "", 100, 60)).size == (20, 10)


def test_photos_that_are_gone_or_broken_are_named(photo, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(photo.read_bytes()[:900])
    made = make_thumbnails(table([photo, tmp_path / "gone.jpg", tmp_path / "broken.jpg"]))
    assert list(made.images) == [str(photo)]
    assert made.missing == [str(tmp_path / "gone.jpg"), str(tmp_path / "broken.jpg")]
    assert made.left_out == []


def camera_like(path, area, side, quality):
    """Sizes as measured of photos of dishes, with their spread: 112 pixels take 2.6 kB."""
    rng = np.random.default_rng(len(path) + int(path))
    return bytes(int(side**2 * quality / 46 * 0.21 * rng.lognormal(0, 0.3)))


@pytest.mark.parametrize("n", [10, 390, 4000])
def test_all_thumbnails_together_keep_to_the_budget(n):
    made = make_thumbnails(table(range(n)), shrink=camera_like)
    assert len(made.images) == n
    assert sum(map(len, made.images.values())) <= BUDGET


def test_few_photos_are_larger_than_many():
    def average(n):
        made = make_thumbnails(table(range(n)), shrink=camera_like).images
        return sum(map(len, made.values())) / n

    assert average(20) > 2 * average(1000) > 2 * average(4000)


def test_what_has_no_room_is_left_out_from_the_lowest_loss_on():
    losses = [3.0, float("nan"), 1.0, 2.0]
    made = make_thumbnails(table("abcd", losses), 250, lambda path, *_: bytes(100))
    assert list(made.images) == ["b", "a"]  # a loss that is not a number is the worst
    assert made.left_out == ["d", "c"]
    nothing = make_thumbnails(table("ab"), 0, lambda path, *_: bytes(100))
    assert (nothing.images, nothing.left_out) == ({}, ["a", "b"])
