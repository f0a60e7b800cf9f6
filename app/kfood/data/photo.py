"""One photo: opened as RGB, upright, whatever its file holds; or looked at, to say what the file holds."""

from __future__ import annotations

import os
import stat
import threading
import warnings
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

EXTENSIONS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
_FORMATS = {"MPO": "JPEG"}  # what phones write: a JPEG with a second picture behind the first
_ORIENTATION = 0x0112  # EXIF tag
Area = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright photo

# What phones and the web put behind these endings, and nothing else that Pillow reads: it runs Ghostscript for an EPS.
Image.init()
_READ = [*dict.fromkeys(EXTENSIONS.values()), *({"AVIF"} & set(Image.OPEN))]
# Pillow doubts photos above this many pixels and refuses those of twice as many, before it decodes them.
_LARGE = Image.MAX_IMAGE_PIXELS or 2**26
_MOST_BYTES = 3 * 2 * _LARGE  # of a file: as the largest photo has without any compression
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
        with Image.open(path, formats=_READ) as image:
            if at_least and area is None:
                image.draft(None, (at_least, at_least))  # the decoder does it; other formats have no such thing
            rgb = _decoded(image)
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
        with Image.open(content, formats=_READ) as image:
            size = image.size
            image.draft(None, (1, 1))  # a JPEG comes at an eighth of its size, for which all of it is read too
            _decoded(image)
            notes = []
            kind = _FORMATS.get(image.format or "", image.format or "")
            if kind != EXTENSIONS.get(suffix.lower(), kind):
                notes.append(f"is {kind}, not what its ending says")
            if image.mode != "RGB" or "transparency" in image.info:
                notes.append(f"converted from {_mode_name(image)}")
            if _turned(image):
                notes.append("turned as its EXIF says")
            return FileFindings(kind, image.mode, *size, notes="; ".join(notes))
    except UnidentifiedImageError:  # its message would name an object in memory
        return FileFindings(fault="cannot identify image file")
    except Exception as error:  # see open_photo
        return FileFindings(fault=str(error) or type(error).__name__)


def _decoded(image: Image.Image) -> Image.Image:
    """Decode the first picture of a file as upright RGB."""
    with _one_large_photo if image.width * image.height > _LARGE else nullcontext():
        image.load()
        # Of a photo that is upright, Pillow would return a copy, which takes as long as decoding it.
        return _as_rgb(ImageOps.exif_transpose(image) if _turned(image) else image)


def _turned(image: Image.Image) -> bool:
    return image.getexif().get(_ORIENTATION, 1) not in (0, 1)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16 bit grey, which convert() would clip instead of scale
        grey = np.asarray(image, dtype=np.int64)
        eight_bit = (grey // 256 if grey.max() > 255 else grey).clip(0, 255).astype(np.uint8)
        return Image.fromarray(eight_bit).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _mode_name(image: Image.Image) -> str:
    names = {"P": "palette", "L": "grey", "1": "black and white", "RGBA": "alpha", "LA": "grey with alpha"}
    if "transparency" in image.info:
        return f"{names.get(image.mode, image.mode)} with transparency"
    return "16 bit" if image.mode.startswith("I") else names.get(image.mode, image.mode)


def _cut(image: Image.Image, area: Area) -> Image.Image:
    x, y, width, height = area
    left, top = max(0, x), max(0, y)
    right, bottom = min(image.width, x + width), min(image.height, y + height)
    return image.crop((left, top, right, bottom)) if right > left and bottom > top else image
