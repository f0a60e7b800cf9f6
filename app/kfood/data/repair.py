"""Files that viewers show and Pillow refuses, though no pixel is missing."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_END_OF_IMAGE = b"\xff\xd9"
_NOISE = np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()  # no 0xff, which would begin a marker


def repaired(content: bytes) -> bytes | None:
    """Return a file that Pillow reads with all its pixels; None where pixels are missing or nothing can be done.

    A JPEG may lack its end-of-image marker, a PNG may have a wrong checksum in a chunk that is not of the picture.
    """
    if content.startswith(_JPEG):
        return _ended(content)
    if content.startswith(_PNG):
        mended = _PNG + b"".join(_sound_chunks(content))
        return mended if mended != content else None
    return None


def _ended(content: bytes) -> bytes | None:
    """Return a JPEG with an end, if its last pixel is there.

    Where pixels are missing, a decoder takes what stands before the end for them, so that noise there changes the
    picture; where none is, it is passed over.
    """
    begun = content.rstrip(b"\xff")  # half a marker
    ended = begun + _END_OF_IMAGE
    try:
        plain, noisy = (_pixels(each) for each in (ended, begun + _NOISE + _END_OF_IMAGE))
    except Exception:  # damaged in another way
        return None
    return ended if np.array_equal(plain, noisy) else None


def _pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        return np.asarray(image)


def _sound_chunks(content: bytes) -> Iterator[bytes]:
    """Give the chunks of a PNG without those that are not needed and have a wrong checksum."""
    start = len(_PNG)
    while start + 12 <= len(content):
        end = start + 12 + int.from_bytes(content[start : start + 4], "big")
        chunk = content[start:end]
        is_optional = chunk[4] & 0x20  # a lower-case first letter: RFC 2083, 3.3
        if not is_optional or zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big"):
            yield chunk
        start = end
