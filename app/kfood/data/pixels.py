"""Photos decoded once: a cache on disk that training reads without decoding (`pixel_cache` fills it).

`<cache>/pixels/<size, resize, denoise>/` holds segments, each a folder with `pixels.bin` (photos one behind the other,
uint8, height x width x 3) and `index.npz`. A photo's key is the content of its file and the area it is cut to, so that
a photo that changed is another photo, and two data sets share what they have in common. A segment is written beside
the others and renamed when it is whole; nothing in it changes afterwards, so that any number of processes may read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

log = logging.getLogger(__name__)
KEY = "S96"  # content, and an area of four numbers
_ROW = np.dtype([("key", KEY), ("segment", "i4"), ("start", "i8"), ("height", "i4"), ("width", "i4")])


def photo_key(digest: str, area: str) -> str:
    """Return what stands for a photo's content and cut; '' where the content is not known."""
    return f"{digest}-{area}" if digest and area else digest


def photo_keys(samples: pd.DataFrame) -> pd.Series:
    """Return the key of each photo; `samples` has `digest` and `area`."""
    keys = [photo_key(*row) for row in zip(samples["digest"], samples["area"], strict=True)]
    return pd.Series(keys, samples.index, dtype="object")


class PixelCache:
    """Shrunken photos by key, as read-only views of memory-mapped files.

    Args:
        folder: of the segments; those that cannot be read are passed over.
    """

    def __init__(self, folder: Path) -> None:
        self._maps: list[np.ndarray] = []
        self._segments: list[Path] = []
        self.damaged: list[Path] = []
        tables = [np.empty(0, _ROW), *(self._open(segment) for segment in sorted(folder.glob("segment-*")))]
        index = np.concatenate(tables)
        self._index = index[np.argsort(index["key"], kind="stable")]

    def find(self, key: str) -> np.ndarray | None:
        """Return a photo as height x width x 3, uint8; None where the cache does not have it."""
        wanted = key.encode()
        place = np.searchsorted(self._index["key"], wanted)
        if place == len(self._index) or self._index["key"][place] != wanted:
            return None
        _, number, start, height, width = self._index[place]
        return self._maps[number][start : start + height * width * 3].reshape(height, width, 3)

    def places(self, keys: Sequence[str]) -> np.ndarray:
        """Return where these photos lie, for `gather`. All must be there."""
        return self._index[np.searchsorted(self._index["key"], np.array(keys, KEY))]

    def gather(self, places: np.ndarray) -> np.ndarray:
        """Return photos of one size as n x height x width x 3, uint8, in memory of their own."""
        height, width = places[0]["height"], places[0]["width"]
        photos = np.empty((len(places), height * width * 3), np.uint8)
        for photo, number, start in zip(photos, places["segment"], places["start"], strict=True):
            photo[:] = self._maps[number][start : start + len(photo)]
        return photos.reshape(len(places), height, width, 3)

    def are_squares(self, keys: pd.Series) -> bool:
        """Return whether all of these photos are there, wide and high alike, and of one size."""
        if not self.has(keys).all():
            return False
        places = self.places(keys)
        return len(np.unique(np.concatenate([places["height"], places["width"]]))) == 1

    def has(self, keys: pd.Series) -> np.ndarray:
        """Return for each key whether its photo is there."""
        return np.isin(keys.to_numpy(dtype=KEY), self._index["key"])

    def segments_of(self, keys: pd.Series) -> set[Path]:
        """Return the folders that hold these photos."""
        numbers = self._index["segment"][np.isin(self._index["key"], keys.to_numpy(dtype=KEY))]
        return {self._segments[number] for number in np.unique(numbers)}

    def _open(self, segment: Path) -> np.ndarray:
        """Open a segment's pixels and return its part of the index."""
        try:
            with np.load(segment / "index.npz", allow_pickle=False) as file:
                table = np.empty(len(file["key"]), _ROW)
                for name in ("key", "height", "width"):
                    table[name] = file[name]
            ends = np.cumsum(3 * table["height"].astype(np.int64) * table["width"])
            pixels = np.asarray(np.memmap(segment / "pixels.bin", np.uint8, "r"))  # plain views are made faster
            if len(pixels) != ends[-1]:
                raise ValueError("its two files do not belong together")
        except Exception as error:  # damaged in one of many ways, or just thrown away by another process
            log.warning("%s is passed over: %s", segment, error)
            self.damaged.append(segment)
            return np.empty(0, _ROW)
        table["segment"], table["start"] = len(self._maps), np.concatenate([[0], ends[:-1]])
        self._maps.append(pixels)
        self._segments.append(segment)
        return table
