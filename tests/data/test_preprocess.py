"""Photos are brought to size as asked, and a JPEG that is decoded smaller looks as if it had not been."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from kfood.data import preprocess as module
from kfood.data.photo import open_photo
from kfood.data.preprocess import Preprocess
from support.denoised import denoised

DENOISERS = ("blur", "opening", "closing")
ORIENTATION = 0x0112
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def scene(width: int, height: int) -> Image.Image:
    """Like a photo: soft light, round things with edges, a little grain."""
    y, x = np.mgrid[:height, :width] / max(width, height)
    light = 120 + 70 * np.sin(3 * x + 1) * np.cos(4 * y)
    colours = np.stack([light, light * 0.8 + 30 * y, 200 - light * 0.6], axis=-1)
    rng = np.random.default_rng(0)
    for _ in range(12):
        (cx, cy), radius = rng.uniform(0, 1, 2), rng.uniform(0.03, 0.15)
        colours[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] = rng.uniform(0, 255, 3)
    return Image.fromarray((colours + rng.normal(0, 3, (height, width, 1))).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A JPEG of 1600 x 1200 pixels."""
    return saved(scene(1600, 1200), tmp_path_factory.mktemp("large") / "a.jpg", quality=90)


@pytest.fixture(scope="module")
def whole(large):
    """The same decoded whole, without kfood."""
    with Image.open(large) as image:
        return image.convert("RGB")


def four_corners(width: int = 1600, height: int = 1200) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (2, 2))
    for place, colour in (((0, 0), RED), ((1, 0), GREEN), ((0, 1), BLUE), ((1, 1), WHITE)):
        image.putpixel(place, colour)
    return image.resize((width, height), Image.Resampling.NEAREST)


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """The colours near top left, top right, bottom left and bottom right, rounded to 0 or 255."""
    near = [pixels[y, x] for y in (2, -3) for x in (2, -3)]
    return [tuple(255 * round(int(value) / 255) for value in pixel) for pixel in near]


def saved(image: Image.Image, path, **options):
    image.save(path, **options)
    return path


def apart(a, b) -> float:
    """Mean absolute difference of two pictures, of 255."""
    return np.abs(np.asarray(a, dtype=float) - np.asarray(b, dtype=float)).mean()


@pytest.mark.parametrize(
    ("resize", "photo", "expected"),
    [
        ("squish", (60, 40), (32, 32)),
        ("squish", (1, 4000), (32, 32)),
        ("squish", (4000, 1), (32, 32)),
        ("crop", (60, 40), (48, 32)),
        ("crop", (40, 60), (32, 48)),
        ("crop", (7, 7), (32, 32)),
        ("crop", (1, 400), (32, 12800)),
        ("pad", (60, 40), (32, 21)),
        ("pad", (40, 60), (21, 32)),
        ("pad", (500, 500), (32, 32)),
        ("pad", (1, 4000), (1, 32)),
        ("pad", (4000, 1), (32, 1)),
        ("pad", (1, 1), (32, 32)),
    ],
)
def test_sizes(tmp_path, resize, photo, expected):
    path = saved(Image.new("RGB", photo, (10, 200, 90)), tmp_path / "a.png")
    for denoise in ("none", *DENOISERS):
        pixels = Preprocess(32, resize, denoise)(path)
        assert pixels.shape == (expected[1], expected[0], 3) and pixels.dtype == np.uint8
        assert (pixels == (10, 200, 90)).all()


@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_the_whole_photo_is_kept(tmp_path, resize):
    """What is cut off or filled up comes later, at random."""
    path = saved(four_corners(90, 30), tmp_path / "a.png")
    assert corners(Preprocess(60, resize, "none")(path)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("denoise", DENOISERS)
def test_denoising_comes_after_the_resizing(tmp_path, denoise):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    path = saved(noise, tmp_path / "a.png")
    expected = denoised(denoise, noise.resize((32, 32), Image.Resampling.BILINEAR))
    assert np.array_equal(Preprocess(32, "squish", denoise)(path), np.asarray(expected))
    assert not np.array_equal(Preprocess(32, "squish", "none")(path), np.asarray(expected))


def test_a_photo_smaller_than_asked_is_made_larger(tmp_path):
    for name in ("a.png", "a.jpg"):
        path = saved(four_corners(8, 6), tmp_path / name)
        assert Preprocess(32, "squish", "none")(path).shape == (32, 32, 3)


def test_a_file_and_what_was_read_from_it_give_the_same(large):
    shrink = Preprocess(64, "crop", "blur")
    content = io.BytesIO(large.read_bytes())
    assert np.array_equal(shrink(content), shrink(large))
    assert np.array_equal(shrink(content, "9,9,300,200"), shrink(str(large), "9,9,300,200"))


# JPEGs that are decoded smaller


@pytest.mark.parametrize("size", [32, 64, 100, 133, 224, 266])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_decoding_small_looks_like_decoding_whole(large, whole, size, resize):
    pixels = Preprocess(size, resize, "none")(large)
    expected = np.asarray(whole.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR))
    assert apart(pixels, expected) < 1.5
    assert np.abs(pixels - expected.astype(float)).mean(axis=2).max() < 15  # at edges: nothing is shifted


@pytest.mark.parametrize("size", [(1600, 1200), (1201, 1599), (1600, 50), (50, 1600), (97, 97), (40, 30)])
def test_no_side_is_decoded_below_what_is_asked(tmp_path, size):
    path = saved(Image.new("L", size), tmp_path / "a.jpg")
    for at_least in (1, 13, 48, 49, 150, 600, 1200, 5000):
        factor = max(scale for scale in (1, 2, 4, 8) if scale == 1 or min(size) >= scale * at_least)
        opened = open_photo(path, at_least=at_least).size
        assert opened == tuple(math.ceil(side / factor) for side in size)
        assert opened == size or min(opened) >= at_least


@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
@pytest.mark.parametrize("size", [33, 99, 100, 101, 200, 399, 401, 800])
def test_a_photo_is_decoded_to_one_and_a_half_times_its_size_or_more(large, monkeypatch, resize, size):
    opened = []

    def noted(*args, **kwargs) -> Image.Image:
        opened.append(open_photo(*args, **kwargs))
        return opened[0]

    monkeypatch.setattr(module, "open_photo", noted)
    Preprocess(size, resize, "none")(large)
    assert min(opened[0].size) >= min(1200, 1.5 * size)
    assert (opened[0].size == (1600, 1200)) == (size > 400)


def test_only_what_is_asked_to_be_smaller_is(large, whole, tmp_path):
    png = saved(scene(400, 300), tmp_path / "a.png")
    assert open_photo(png, at_least=32).size == (400, 300)
    assert np.array_equal(open_photo(large), whole)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (8, [GREEN, WHITE, RED, BLUE]),
    ],
)
def test_a_turned_photo_is_upright_when_decoded_small(tmp_path, orientation, expected):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = saved(four_corners(), tmp_path / "a.jpg", exif=exif)
    photo = open_photo(path, at_least=150)
    assert photo.size == ((150, 200) if orientation > 4 else (200, 150))
    assert corners(np.asarray(photo)) == expected
    assert corners(Preprocess(64, "squish", "none")(path)) == expected
    assert Preprocess(60, "crop", "none")(path).shape == ((80, 60, 3) if orientation > 4 else (60, 80, 3))


def test_an_area_is_cut_from_the_photo_in_its_own_size(large, whole):
    opened = open_photo(large, (800, 300, 200, 100), at_least=48)
    assert opened.size == (200, 100)
    assert np.array_equal(opened, whole.crop((800, 300, 1000, 400)))


def test_an_area_is_cut_at_the_right_place_before_the_resizing(tmp_path):
    path = saved(four_corners(), tmp_path / "a.jpg")
    shrink = Preprocess(32, "squish", "none")
    assert corners(shrink(path, "700,500,200,200")) == [RED, GREEN, BLUE, WHITE]
    for area, colour in (("0,0,700,500", RED), ("900,0,700,500", GREEN), ("0,700,700,500", BLUE)):
        assert corners(shrink(path, area)) == [colour] * 4
    assert Preprocess(32, "crop", "none")(path, "100,100,200,100").shape == (32, 64, 3)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.99])
def test_a_truncated_jpeg_is_an_error_when_decoded_small_too(large, tmp_path, share):
    whole = large.read_bytes()
    path = tmp_path / "half.jpg"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(OSError, match=r"half\.jpg cannot be read as a photo"):
        Preprocess(32, "squish", "none")(path)
    with pytest.raises(OSError, match="cannot be read as a photo"):
        Preprocess(32, "squish", "none")(io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_jpegs_are_right_when_decoded_small(tmp_path, mode):
    path = saved(scene(800, 600).convert(mode), tmp_path / "a.jpg", quality=90)
    photo = open_photo(path, at_least=100)
    assert (photo.mode, photo.size) == ("RGB", (200, 150))
    small = Preprocess(64, "squish", "none")(path)
    whole = Image.open(path).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
    assert apart(small, whole) < 1.5
    if mode == "L":
        assert (small[..., 0] == small[..., 1]).all() and (small[..., 1] == small[..., 2]).all()


def test_of_a_phones_two_pictures_in_a_jpeg_the_first_counts_when_decoded_small(tmp_path):
    path = saved(four_corners(), tmp_path / "a.mpo", save_all=True, append_images=[Image.new("RGB", (1600, 1200))])
    path = path.rename(tmp_path / "a.jpg")
    assert Image.open(path).format == "MPO"
    assert corners(Preprocess(64, "squish", "none")(path)) == [RED, GREEN, BLUE, WHITE]
