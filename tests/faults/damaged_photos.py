"""Photos damaged at random, looked at and opened: `damaged_photos.py COUNT FOLDER` prints what should not be.

A process of its own, so that a decoder that hangs or crashes, and any warning, is seen from outside.
"""

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from kfood.data.check import check_photos
from kfood.data.photo import EXTENSIONS, open_photo

RNG = np.random.default_rng(0)


def a_photo(ending: str) -> bytes:
    """A small photo of the kind that the ending stands for: of a random mode, sometimes of several pictures."""
    kind = EXTENSIONS[ending]
    modes = {"JPEG": ["RGB", "L", "CMYK"], "WEBP": ["RGB", "RGBA"], "BMP": ["RGB", "L", "1"], "AVIF": ["RGB", "RGBA"]}
    mode = RNG.choice(modes.get(kind, ["RGB", "L", "1", "P", "LA" if kind != "GIF" else "L"]))
    noise = RNG.integers(0, 256, (2, 24, 31, 3), dtype=np.uint8)
    pictures = [Image.fromarray(each).convert(str(mode)) for each in noise]
    exif = Image.Exif()
    exif[0x0112] = int(RNG.integers(1, 9))
    options = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP") else {}
    if kind == "JPEG":
        options["progressive"] = bool(RNG.integers(2))
    if kind in ("GIF", "PNG", "WEBP", "TIFF") and RNG.integers(2):
        options |= {"save_all": True, "append_images": pictures[1:]}
    file = io.BytesIO()
    pictures[0].save(file, kind, **options)
    return file.getvalue()


def damaged(content: bytes, other: bytes) -> bytes:
    """Bytes changed, mostly near the beginning where the header is; cut off; another photo's end; or a part twice."""
    content = bytearray(content)
    at = int(RNG.integers(1, len(content)))
    way = RNG.integers(6)
    if way < 3:
        for _ in range(int(RNG.integers(1, 9))):
            reach = len(content) if RNG.integers(2) else min(80, len(content))
            content[int(RNG.integers(reach))] = int(RNG.choice([0, 255, RNG.integers(256)]))
        return bytes(content)
    if way == 3:
        return bytes(content[:at])
    if way == 4:
        return bytes(content[:at] + other[int(RNG.integers(len(other))) :])
    return bytes(content[:at] + content[: int(RNG.integers(len(content)))])


def main(count: int, folder: Path) -> None:
    endings = [ending for ending, kind in EXTENSIONS.items() if kind in Image.SAVE]  # HEIF can only be read
    previous, paths = b"GIF89a", []
    for number in range(count):
        ending = endings[number % len(endings)]
        whole = a_photo(ending)
        path = folder / f"{number}{ending}"
        path.write_bytes(damaged(whole, previous))
        previous = whole
        paths.append(path)
    with warnings.catch_warnings(record=True) as spilled:  # the filters that kfood sets stay in force
        findings = check_photos(pd.DataFrame({"path": list(map(str, paths))}), folder)
        for path, fault in zip(paths, findings["fault"], strict=True):
            try:
                photo = open_photo(path)
            except OSError as error:
                if not fault or str(path) not in str(error):
                    print(f"{path}: check said {fault!r}, opening {error}")
            else:
                if fault or photo.mode != "RGB":
                    print(f"{path}: check said {fault!r}, but it opened as {photo.mode}")
    for warning in spilled:
        print(f"warned: {warning.message}")
    sys.stderr.write(f"{(findings['fault'] != '').sum()} of {count} cannot be read\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
