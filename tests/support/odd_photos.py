"""Photos as people have them: turned, in odd modes and formats, very flat, very large, a little damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from support.textured import textured

ORIENTATION = 0x0112


def draw_odd_photos(folder: Path) -> list[Path]:
    """Draw one photo of each kind and return their paths, sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = textured(5).resize((300, 200))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        photo.save(folder / f"turned {orientation}.jpg", exif=exif)
    _odd_modes(photo, folder)
    for ending in ("gif", "webp", "bmp", "tif"):
        photo.save(folder / f"format.{ending}")
    photo.resize((4000, 3000)).save(folder / "12 megapixels.jpg")
    photo.resize((400, 1)).save(folder / "1 high.png")
    photo.resize((1, 400)).save(folder / "1 wide.png")
    photo.resize((1, 1)).save(folder / "1 pixel.png")
    photo.save(folder / "progressive 비빔밥.jpg", progressive=True)
    whole = (folder / "turned 1.jpg").read_bytes()
    (folder / "without end.jpg").write_bytes(whole[:-2])
    return sorted(folder.iterdir())


def _odd_modes(photo: Image.Image, folder: Path) -> None:
    photo.convert("CMYK").save(folder / "cmyk.jpg")
    photo.convert("L").save(folder / "grey.jpg")
    photo.convert("1").save(folder / "black and white.png")
    photo.quantize(16).save(folder / "palette.png")
    photo.quantize(16).save(folder / "palette with a clear colour.png", transparency=2)
    x = np.arange(photo.width)[None].repeat(photo.height, axis=0)
    clear = photo.copy()
    clear.putalpha(Image.fromarray((x % 256).astype(np.uint8)))
    clear.save(folder / "alpha.png")
    clear.save(folder / "alpha.webp")
    clear.convert("LA").save(folder / "grey with alpha.png")
    Image.fromarray((x * 200).astype(np.uint16)).save(folder / "16 bit.png")
    Image.fromarray((x / photo.width).astype(np.float32)).save(folder / "float.tif")
