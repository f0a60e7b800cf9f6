"""Whatever a photo's file holds, it becomes upright RGB; what is odd is said, what is broken is named."""

import io

import numpy as np
import pytest
from PIL import Image

from kfood.data.photo import FileFindings, inspect_photo, open_photo

ORIENTATION = 0x0112
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def inspected(path) -> FileFindings:
    return inspect_photo(io.BytesIO(path.read_bytes()), path.suffix)


def four_corners() -> Image.Image:
    """A wide picture with red top left, green top right, blue bottom left and white bottom right."""
    image = Image.new("RGB", (32, 16), WHITE)
    for colour, place in ((RED, (0, 0)), (GREEN, (16, 0)), (BLUE, (0, 8))):
        image.paste(colour, (*place, place[0] + 16, place[1] + 8))
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours near top left, top right, bottom left and bottom right, rounded to 0 or 255."""
    far_x, far_y = image.width - 3, image.height - 3
    pixels = [image.getpixel(place) for place in ((2, 2), (far_x, 2), (2, far_y), (far_x, far_y))]
    return [tuple(255 * round(value / 255) for value in pixel) for pixel in pixels]


def saved(image: Image.Image, path, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp", "jpg", "gif"])
def test_formats_open_alike(tmp_path, ending):
    options = {"webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}}.get(ending, {})
    photo = open_photo(saved(four_corners(), tmp_path / f"a.{ending}", **options))
    assert (photo.mode, photo.size) == ("RGB", (32, 16))
    assert corners(photo) == [RED, GREEN, BLUE, WHITE]


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    path = saved(four_corners().convert("CMYK"), tmp_path / "a.jpg", quality=95, subsampling=0)
    assert corners(open_photo(path)) == [RED, GREEN, BLUE, WHITE]
    assert inspected(path).notes == "converted from CMYK"


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_and_black_and_white_become_three_equal_channels(tmp_path, mode):
    path = saved(Image.new(mode, (8, 8), 1 if mode == "1" else 77), tmp_path / "a.png")
    assert open_photo(path).getpixel((4, 4)) == ((255,) * 3 if mode == "1" else (77,) * 3)
    assert inspected(path).notes == f"converted from {'grey' if mode == 'L' else 'black and white'}"


def test_transparent_colour_of_a_palette_becomes_white(tmp_path):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*RED, *BLUE])
    image.paste(1, (4, 0, 8, 8))
    path = saved(image, tmp_path / "a.png", transparency=0)
    photo = open_photo(path)
    assert (photo.getpixel((1, 1)), photo.getpixel((6, 1))) == (WHITE, BLUE)
    assert inspected(path).notes == "converted from palette with transparency"


def test_transparent_colour_of_an_rgb_png_becomes_white(tmp_path):
    path = saved(four_corners(), tmp_path / "a.png", transparency=RED)
    assert corners(open_photo(path)) == [WHITE, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("mode", "colour", "result"),
    [
        ("RGBA", (*RED, 0), WHITE),
        ("RGBA", (*RED, 255), RED),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("LA", (0, 51), (204, 204, 204)),
    ],
)
def test_alpha_lies_on_white(tmp_path, mode, colour, result):
    path = saved(Image.new(mode, (8, 8), colour), tmp_path / "a.png")
    assert open_photo(path).getpixel((3, 3)) == result
    assert "alpha" in inspected(path).notes


def test_sixteen_bit_is_scaled_and_not_clipped(tmp_path):
    values = np.array([[0, 256, 32768, 65535]], dtype=np.uint16).repeat(4, axis=0)
    path = saved(Image.fromarray(values), tmp_path / "a.png")
    assert [open_photo(path).getpixel((x, 0)) for x in range(4)] == [(0,) * 3, (1,) * 3, (128,) * 3, (255,) * 3]
    assert inspected(path).notes == "converted from 16 bit"


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
def test_photo_is_turned_as_its_exif_says(tmp_path, orientation, expected):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = saved(four_corners(), tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    photo = open_photo(path)
    assert corners(photo) == expected
    assert photo.size == ((16, 32) if orientation > 4 else (32, 16))
    assert inspected(path).notes == ("" if orientation == 1 else "turned as its EXIF says")


def test_of_a_moving_gif_the_first_picture_counts(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    path = saved(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert open_photo(path).getpixel((3, 3)) == RED


def test_png_named_jpg_opens_and_is_noted(tmp_path):
    path = tmp_path / "a.jpg"
    saved(four_corners(), path, format="PNG")
    assert corners(open_photo(path)) == [RED, GREEN, BLUE, WHITE]
    finding = inspected(path)
    assert (finding.format, finding.notes, finding.fault) == ("PNG", "is PNG, not what its ending says", "")


def test_plain_photo_has_no_notes_and_its_size_is_known(tmp_path):
    finding = inspected(saved(four_corners(), tmp_path / "a.JPG", format="JPEG"))
    assert finding.as_dict() == {
        "format": "JPEG",
        "mode": "RGB",
        "width": 32,
        "height": 16,
        "notes": "",
        "fault": "",
    }


def damaged(path, how: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    noise.save(path)
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[: len(whole) // 2], "empty": b"", "text": "그림이 아님".encode()}[how])


@pytest.mark.parametrize("how", ["truncated", "empty", "text"])
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_damaged_photo_is_an_error_that_names_the_file(tmp_path, how, ending):
    path = tmp_path / f"a.{ending}"
    damaged(path, how)
    with pytest.raises(OSError, match=r"a\.(jpg|png) cannot be read as a photo: "):
        open_photo(path)
    assert inspected(path).fault != ""


def test_missing_photo_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"gone\.jpg cannot be read as a photo"):
        open_photo(tmp_path / "gone.jpg")


@pytest.mark.parametrize(
    ("area", "size", "first"),
    [
        ((16, 8, 16, 8), (16, 8), WHITE),
        ((16, 0, 8, 4), (8, 4), GREEN),
        ((16, 8, 500, 500), (16, 8), WHITE),  # clamped at the right and the bottom
        ((-4, -4, 12, 12), (8, 8), RED),  # and at the left and the top
        ((32, 0, 10, 10), (32, 16), RED),  # nothing of it inside: the whole photo
        (None, (32, 16), RED),
    ],
)
def test_area_is_cut_as_far_as_it_lies_inside(tmp_path, area, size, first):
    photo = open_photo(saved(four_corners(), tmp_path / "a.png"), area)
    assert photo.size == size
    assert photo.getpixel((0, 0)) == first
