"""Files that viewers show are read, and none whose pixels are missing."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from kfood.data.photo import EXTENSIONS, inspect_photo, open_photo
from kfood.exported.predict import mended
from support.textured import textured

PHOTO = textured(3)


def encoded(kind: str, **options) -> bytes:
    content = io.BytesIO()
    PHOTO.save(content, kind, **options)
    return content.getvalue()


def with_wrong_comment(content: bytes) -> bytes:
    """A PNG with a comment whose checksum is wrong."""
    return content[:33] + struct.pack(">I", 3) + b"tEXtk\0v" + struct.pack(">I", 1) + content[33:]


READ = {
    "without the end of image": encoded("JPEG")[:-2],
    "without half of it": encoded("JPEG")[:-1],
    "progressive, without the end": encoded("JPEG", progressive=True)[:-2],
    "a wrong checksum beside the picture": with_wrong_comment(encoded("PNG")),
}


@pytest.mark.parametrize("name", READ)
def test_no_pixel_is_lost(name):
    kind = "PNG" if "checksum" in name else "JPEG"
    whole = encoded(kind, progressive=True) if "progressive" in name else encoded(kind)
    found = open_photo(io.BytesIO(READ[name]))
    assert np.array_equal(np.asarray(found), np.asarray(open_photo(io.BytesIO(whole))))
    assert inspect_photo(io.BytesIO(READ[name]), ".jpg").fault == ""


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_that_lacks_pixels_is_not_mended(share, progressive):
    content = encoded("JPEG", progressive=progressive)
    assert mended(content[: int(share * len(content))]) is None


def test_a_png_whose_picture_is_damaged_is_not_mended():
    content = bytearray(encoded("PNG"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(OSError, match="cannot be read as a photo"):
        open_photo(io.BytesIO(bytes(content)))


def test_a_large_colour_profile_is_read():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(2 * 2**20)
    assert open_photo(io.BytesIO(encoded("PNG", icc_profile=profile))).size == PHOTO.size


@pytest.mark.parametrize("largest", [1.0, 255.0, 4000.0])
def test_numbers_of_a_float_tiff_are_brought_to_8_bit(largest):
    numbers = np.linspace(0, largest, 48 * 48, dtype=np.float32).reshape(48, 48)
    content = io.BytesIO()
    Image.fromarray(numbers).save(content, "TIFF")
    found = np.asarray(open_photo(content))
    assert found.shape == (48, 48, 3)
    assert found[..., 0] == pytest.approx(numbers / largest * 255, abs=0.6)
    content.seek(0)
    assert inspect_photo(content, ".tif").notes == "converted from floating point"


def test_what_is_no_number_in_a_float_tiff_is_black():
    numbers = np.full((8, 8), 0.5, np.float32)
    numbers[0, 0] = np.nan
    content = io.BytesIO()
    Image.fromarray(numbers).save(content, "TIFF")
    assert np.asarray(open_photo(content))[0, :2, 0].tolist() == [0, 128]


def test_a_phones_format_is_read_where_its_package_is_there():
    pi_heif = pytest.importorskip("pi_heif")
    pillow_heif = pytest.importorskip("pillow_heif", reason="pi-heif reads only")
    del pi_heif
    content = io.BytesIO()
    pillow_heif.from_pillow(PHOTO).save(content)
    assert open_photo(content).size == PHOTO.size


def test_endings_of_jpegs_and_avif_are_photos(tmp_path):
    assert {EXTENSIONS[ending] for ending in (".jfif", ".jpe", ".pjpeg")} == {"JPEG"}
    PHOTO.save(tmp_path / "web.avif", "AVIF")
    assert ".avif" in EXTENSIONS and open_photo(tmp_path / "web.avif").size == PHOTO.size


def test_chunks_that_are_needed_stay_in_a_png():
    content = encoded("PNG")
    assert mended(content) is None
    sound = mended(with_wrong_comment(content))
    assert sound == content and zlib.crc32(sound) == zlib.crc32(content)
