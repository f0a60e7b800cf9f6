"""One photo: opened as RGB, upright, whatever its file holds; or looked at, to say what the file holds."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from kfood.exported import predict
from kfood.exported.predict import FORMATS, ORIENTATION

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
Area = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright photo

if "AVIF" in FORMATS:
    EXTENSIONS[".avif"] = "AVIF"
if "HEIF" in FORMATS:
    EXTENSIONS |= dict.fromkeys(NEEDS_PACKAGE, "HEIF")
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
    rgb = predict.open_photo(path, 0 if area else at_least)
    return rgb if area is None else _cut(rgb, area)


def inspect_photo(content: BinaryIO, suffix: str) -> FileFindings:
    """Decode a photo whole and say what was found; never raises for a bad file.

    Args:
        content: of the file.
        suffix: of its name, such as ".jpg", which may say something else than the content.
    """
    try:
        return predict.open_photo(content, 1, lambda image, at_least: _findings(image, suffix, at_least))
    except OSError as error:
        return FileFindings(fault=str(error).partition(": ")[2])


def _findings(image: Image.Image, suffix: str, at_least: int) -> FileFindings:
    size = image.size
    predict.upright_rgb(image, at_least)  # a JPEG comes at an eighth of its size, for which all of it is read too
    notes = []
    kind = _FORMATS.get(image.format or "", image.format or "")
    if kind != EXTENSIONS.get(suffix.lower(), kind):
        notes.append(f"is {kind}, not what its ending says")
    if image.mode != "RGB" or "transparency" in image.info:
        notes.append(f"converted from {_mode_name(image)}")
    if image.getexif().get(ORIENTATION, 1) not in (0, 1):
        notes.append("turned as its EXIF says")
    return FileFindings(kind, image.mode, *size, notes="; ".join(notes))


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
