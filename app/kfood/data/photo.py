"""One photo: opened as RGB, upright, whatever its file holds; or looked at, to say what the file holds."""

from __future__ import annotations

import os
import stat
import threading
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from kfood.data.repair import repaired

EXTENSIONS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".pjpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
# Looked for so that such files are counted by name where they cannot be read.
NEEDS_PACKAGE = (".heic", ".heif", ".hif")  # what iPhones save
RAW = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw")  # what cameras save
OTHER_IMAGES = (".avif", ".jp2", ".j2k", ".jxl", ".psd", ".svg", ".ico", ".tga", ".ppm", ".pgm", ".pnm", ".eps", *RAW)
_FORMATS = {"MPO": "JPEG"}  # what phones write: a JPEG with a second picture behind the first
_ORIENTATION = 0x0112  # EXIF tag
T = TypeVar("T")
Area = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright photo

# What phones and the web put behind these endings, and nothing else that Pillow reads: it runs Ghostscript for an EPS.
Image.init()
if "AVIF" in Image.OPEN:
    EXTENSIONS[".avif"] = "AVIF"
if find_spec("pi_heif"):
    import pi_heif

    pi_heif.register_heif_opener()
    EXTENSIONS |= dict.fromkeys(NEEDS_PACKAGE, "HEIF")
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20  # bytes of a colour profile, which may be larger than Pillow expects
_READ = list(dict.fromkeys(EXTENSIONS.values()))
# Pillow doubts photos above this many pixels and refuses those of twice as many, before it decodes them.
_LARGE = Image.MAX_IMAGE_PIXELS or 2**26
_MOST_BYTES = 3 * 2 * _LARGE  # of a file: as the largest photo has without any compression
_AT_ONCE = 2**22  # pixels that are converted at a time
_one_large_photo = threading.Lock()  # at a time, or photos that are small as files could fill the memory
# Pillow warns of damage without the photo's name; what matters is told by name, as a fault.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class FileFindings:
    """What a photo's file holds. `fault` is '' where it can be read; `notes` says what is converted."""

    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    notes: str = ""
    fault: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields by name, as a row of a table."""
        return asdict(self)


def read_file(path: str | Path) -> bytes:
    """Return what a photo's file holds.

    Raises:
        OSError: it cannot be read, is no regular file (a pipe would be waited for) or is larger than photos are.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("is not a file")
    if status.st_size > _MOST_BYTES:
        raise OSError(f"is {status.st_size / 1e9:.1f} GB large, which no photo is")
    with open(path, "rb") as file:
        return file.read(_MOST_BYTES)


def open_photo(path: str | Path | BinaryIO, area: Area | None = None, at_least: int = 0) -> Image.Image:
    """Open a photo as RGB, turned as its EXIF says, transparency on white, 16 bit brought to 8.

    Args:
        path: an image file that Pillow reads, or what was read from it.
        area: cut to this part, as far as it lies inside the photo.
        at_least: a JPEG may come smaller than it is, by a half, quarter or eighth, while both sides keep this many
            pixels: several times faster for large photos. 0 keeps its size. Not with `area`.

    Raises:
        OSError: the file cannot be read whole; the message names it.
    """
    try:
        if isinstance(path, (str, Path)) and not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError("is not a file")
        rgb = _opened(path, lambda image: _decoded(image, 0 if area else at_least))
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, …
        raise OSError(f"{path} cannot be read as a photo: {error}") from error
    return rgb if area is None else _cut(rgb, area)


def inspect_photo(content: BinaryIO, suffix: str) -> FileFindings:
    """Decode a photo whole and say what was found; never raises for a bad file.

    Args:
        content: of the file.
        suffix: of its name, such as ".jpg", which may say something else than the content.
    """
    try:
        return _opened(content, lambda image: _findings(image, suffix))
    except UnidentifiedImageError:  # its message would name an object in memory
        return FileFindings(fault="cannot identify image file")
    except Exception as error:  # see open_photo
        return FileFindings(fault=str(error) or type(error).__name__)


def _opened(source: str | Path | BinaryIO, work: Callable[[Image.Image], T]) -> T:
    """Return what `work` makes of the picture in a file, which is repaired if no pixel of it is missing."""
    try:
        with Image.open(source, formats=_READ) as image:
            return work(image)
    except Exception:
        mended = repaired(_content(source))
        if mended is None:
            raise
    with Image.open(BytesIO(mended), formats=_READ) as image:
        return work(image)


def _content(source: str | Path | BinaryIO) -> bytes:
    if isinstance(source, (str, Path)):
        return read_file(source)
    source.seek(0)
    return source.read()


def _findings(image: Image.Image, suffix: str) -> FileFindings:
    size = image.size
    _decoded(image, 1)  # a JPEG comes at an eighth of its size, for which all of it is read too
    notes = []
    kind = _FORMATS.get(image.format or "", image.format or "")
    if kind != EXTENSIONS.get(suffix.lower(), kind):
        notes.append(f"is {kind}, not what its ending says")
    if image.mode != "RGB" or "transparency" in image.info:
        notes.append(f"converted from {_mode_name(image)}")
    if _turned(image):
        notes.append("turned as its EXIF says")
    return FileFindings(kind, image.mode, *size, notes="; ".join(notes))


def _decoded(image: Image.Image, at_least: int) -> Image.Image:
    """Decode the first picture of a file as upright RGB; `at_least` as in `open_photo`."""
    if at_least:
        image.draft(None, (at_least, at_least))  # the decoder does it; other formats have no such thing
    with _one_large_photo if image.width * image.height > _LARGE else nullcontext():
        image.load()
        # Of a photo that is upright, Pillow would return a copy, which takes as long as decoding it.
        return _as_rgb(ImageOps.exif_transpose(image) if _turned(image) else image)


def _turned(image: Image.Image) -> bool:
    return image.getexif().get(_ORIENTATION, 1) not in (0, 1)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "F":  # of 0 to 1, 255 or more; what is not a number is black
        numbers = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
        largest = numbers.max()
        scale = 255 if largest <= 1 else 1 if largest <= 255 else 255 / largest
        return Image.fromarray((numbers * scale).clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if image.mode.startswith("I"):  # 16 bit grey, which convert() would clip instead of scale
        grey = np.asarray(image)
        eight_bit = (grey // 256 if grey.max() > 255 else grey).clip(0, 255).astype(np.uint8)
        return Image.fromarray(eight_bit).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_white(image)
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """Lay a photo on white, some rows at a time: of a large one, three copies would take gigabytes."""
    rgb = Image.new("RGB", image.size)
    rows = max(1, _AT_ONCE // image.width)
    for top in range(0, image.height, rows):
        clear = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        rgb.paste(Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB"), (0, top))
    return rgb


def _mode_name(image: Image.Image) -> str:
    names = {"P": "palette", "L": "grey", "1": "black and white", "RGBA": "alpha", "LA": "grey with alpha"}
    if "transparency" in image.info:
        return f"{names.get(image.mode, image.mode)} with transparency"
    if image.mode == "F":
        return "floating point"
    return "16 bit" if image.mode.startswith("I") else names.get(image.mode, image.mode)


def _cut(image: Image.Image, area: Area) -> Image.Image:
    x, y, width, height = area
    left, top = max(0, x), max(0, y)
    right, bottom = min(image.width, x + width), min(image.height, y + height)
    return image.crop((left, top, right, bottom)) if right > left and bottom > top else image
