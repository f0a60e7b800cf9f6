"""A browser's pixels of a photo are those that Pillow's resizing makes of it."""

from __future__ import annotations

import base64
import shutil

import numpy as np
import pytest
from PIL import Image

from kfood.exported.predict import MARGIN, open_photo, resized, squared
from kfood.webpage.parts import static
from support.browser import chromium, files_served

pytest.importorskip("selenium")
pytestmark = pytest.mark.slow

PREPARE = """
const [content, how, done] = arguments;
const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
import("/pixels.js").then(async ({ prepared }) => {
    const found = await prepared(new Blob([bytes]), how);
    let text = "";
    for (let at = 0; at < found.length; at += 8192) text += String.fromCharCode(...found.subarray(at, at + 8192));
    done(btoa(text));
}).catch(error => done({ error: error.message }));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "pixels.js").write_text(static("pixels.js"), encoding="utf-8")
    (folder / "index.html").write_text("<!doctype html><title>empty</title>", encoding="utf-8")
    for browser in chromium(tmp_path_factory.mktemp("profile")):
        with files_served(folder) as address:
            browser.get(address)
            yield browser


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """Waves of all lengths in all directions, and noise: what a resizing may get wrong."""
    y, x = np.mgrid[0:431, 0:640] / 640
    waves = [np.sin(90 * x**2 + 40 * y), np.sin(80 * y**2 - 30 * x), np.sin(60 * (x - 0.5) * (y - 0.5) * 8)]
    noise = np.random.default_rng(0).normal(0, 12, (431, 640, 3))
    return Image.fromarray((127 + 90 * np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8))


def in_browser(browser, file, side=96, resize="squish", denoise="none"):
    how = {"side": side, "resize": resize, "denoise": denoise, "margin": MARGIN}
    found = browser.execute_async_script(PREPARE, base64.b64encode(file.read_bytes()).decode(), how)
    if isinstance(found, dict):
        raise ValueError(found["error"])
    return np.frombuffer(base64.b64decode(found), np.uint8).reshape(side, side, 3).astype(int)


def by_pillow(file, side=96, resize="squish", denoise="none"):
    return squared(resized(open_photo(file, round(MARGIN * side)), side, resize, denoise), side).astype(int)


@pytest.mark.parametrize("size", [(640, 431), (640, 640), (97, 96), (96, 96), (50, 40), (1000, 3), (1, 1)])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_the_same_pixels(browser, picture, tmp_path, size, resize):
    file = tmp_path / "a.png"
    picture.resize(size).save(file)
    difference = in_browser(browser, file, resize=resize) - by_pillow(file, resize=resize)
    # Pillow 13 goes down first and then across where that is less work, which rounds otherwise.
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.25


@pytest.mark.parametrize("denoise", ["blur", "opening", "closing"])
def test_the_same_pixels_without_noise(browser, picture, tmp_path, denoise):
    file = tmp_path / "a.png"
    picture.save(file)
    assert (in_browser(browser, file, 64, denoise=denoise) == by_pillow(file, 64, denoise=denoise)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_as_their_exif_says(browser, picture, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "a.jpg", exif=exif, quality=92)
    difference = in_browser(browser, tmp_path / "a.jpg", 320) - by_pillow(tmp_path / "a.jpg", 320)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(
    ("kind", "mode", "most"),
    [
        ("png", "L", 0),
        ("png", "P", 0),
        ("gif", "P", 0),
        ("bmp", "RGB", 0),
        ("webp", "RGB", 1),
        ("png", "RGBA", 2),  # a canvas keeps colours multiplied by their opacity
        ("jpg", "L", 1),
        ("jpg", "CMYK", 1),
    ],
)
def test_kinds_of_files(browser, picture, tmp_path, kind, mode, most):
    file = tmp_path / f"a.{kind}"
    image = picture.quantize(64) if mode == "P" else picture.convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(file)
    assert np.abs(in_browser(browser, file, 320) - by_pillow(file, 320)).max() <= most


@pytest.mark.parametrize("size", [(1600, 1200), (2400, 1616), (1283, 967)])
def test_large_jpegs_that_pillow_decodes_smaller(browser, picture, tmp_path, size):
    """The decoder's short way is the mean of squares; of the colours, which have half the pixels, almost."""
    file = tmp_path / "a.jpg"
    picture.resize(size, Image.Resampling.BICUBIC).save(file, quality=92)
    difference = np.abs(in_browser(browser, file) - by_pillow(file))
    assert difference.max() <= 4 and difference.mean() < 0.4


def test_what_is_no_photo_is_said(browser, tmp_path):
    shutil.copy(__file__, tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="noPhoto"):
        in_browser(browser, tmp_path / "a.jpg")
