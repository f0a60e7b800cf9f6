"""Photos made small enough that thousands of them fit into one page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
from PIL import Image

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.system.cores import available_cores
from kfood.system.progress import track

BUDGET = 9_000_000  # bytes of all thumbnails together; a third more in the page, as base64
_COMFORTABLE = 3_000_000  # bytes that few photos share: more would be sharper than a screen shows
_EACH = 2_300  # bytes of a photo where there are many
_STEPS = ((320, 70), (256, 64), (208, 60), (160, 55), (128, 50), (112, 46), (96, 42), (80, 38))  # pixels, quality
_SAMPLED = 40  # photos to measure a step by
_SPARE = 0.95  # of the room, because the sample may be smaller than the rest

Shrink = Callable[[str, str, int, int], "bytes | None"]


@dataclass(frozen=True)
class Thumbnails:
    """WebP images by path of the photo.

    Args:
        images: content of a WebP file, by path.
        missing: paths of photos that are gone or cannot be read.
        left_out: paths of photos whose thumbnail had no room: those of lowest loss.
    """

    images: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def shrink_photo(path: str, area: str, side: int, quality: int) -> bytes | None:
    """Return a photo as WebP, without whatever else its file says; None where it cannot be read.

    Args:
        path: of the photo.
        area: "x,y,width,height" in pixels of the upright photo to cut it to, or ''.
        side: of the longer edge, in pixels; a smaller photo keeps its size.
        quality: of the encoder, 0 to 100.
    """
    try:
        photo = open_photo(path, parse_area(area), at_least=side)
    except OSError:
        return None
    photo.thumbnail((side, side), Image.Resampling.LANCZOS)
    photo.info.clear()  # a colour profile may be larger than the picture, and a place is nobody's business
    content = io.BytesIO()
    photo.save(content, "WEBP", quality=quality, method=4)
    return content.getvalue()


def make_thumbnails(photos: pd.DataFrame, budget: int = BUDGET, shrink: Shrink = shrink_photo) -> Thumbnails:
    """Make thumbnails of all photos, together at most `budget` bytes.

    Args:
        photos: `path` (each once), `area` and `loss` (nats).
        budget: bytes, base64 not counted.
        shrink: takes path, area, side and quality, and returns a WebP file's content, or None.
    """
    rows = list(zip(photos["path"], photos["area"], strict=True))
    with ThreadPoolExecutor(available_cores()) as pool:
        side, quality = _choose_step(rows, budget, pool, shrink)
        contents = pool.map(partial(_shrink_row, shrink=shrink, side=side, quality=quality), rows)
        made = dict(zip(photos["path"], track(contents, len(rows), "making thumbnails"), strict=True))
    missing = [path for path, content in made.items() if content is None]
    losses = dict(zip(photos["path"], photos["loss"].fillna(float("inf")), strict=True))
    images: dict[str, bytes] = {}
    left_out: list[str] = []
    taken = 0
    for path in sorted((path for path in made if made[path] is not None), key=losses.__getitem__, reverse=True):
        content = made[path]
        if left_out or taken + len(content) > budget:  # from the first that does not fit, so that the rule is plain
            left_out.append(path)
        else:
            images[path] = content
            taken += len(content)
    return Thumbnails(images, missing, left_out)


def _choose_step(rows: list[tuple[str, str]], budget: int, pool: ThreadPoolExecutor, shrink: Shrink) -> tuple[int, int]:
    """Return the largest side and quality at which the photos, judged by some of them, have room."""
    room = _SPARE * min(budget, max(_COMFORTABLE, _EACH * len(rows)))
    sample = rows[:: max(1, len(rows) // _SAMPLED)]
    for side, quality in _STEPS:
        contents = pool.map(partial(_shrink_row, shrink=shrink, side=side, quality=quality), sample)
        if _mean(len(content) for content in contents if content is not None) * len(rows) <= room:
            return side, quality
    return _STEPS[-1]


def _shrink_row(row: tuple[str, str], shrink: Shrink, side: int, quality: int) -> bytes | None:
    return shrink(*row, side, quality)


def _mean(sizes: Iterable[int]) -> float:
    listed = list(sizes)
    return sum(listed) / len(listed) if listed else 0.0
