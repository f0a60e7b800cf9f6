"""Filling the cache of decoded photos: in parallel, whole or not at all, within the room that there is."""

from __future__ import annotations

import logging
import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from kfood.data.pixels import KEY, PixelCache, photo_key, photo_keys
from kfood.data.preprocess import Preprocess
from kfood.system.cache import Cache, bytes_of, make_room, mark_used
from kfood.system.cores import available_cores
from kfood.system.disk import free_bytes
from kfood.system.files import content_digest, write_arrays
from kfood.system.locks import Lock, Timeout
from kfood.system.memory import keep_freed_memory
from kfood.system.paths import cache_limit
from kfood.system.progress import track

log = logging.getLogger(__name__)
_CACHE = Cache("pixels", version=1)  # of the segments, and of what `Preprocess` does to a photo
_PHOTOS_A_SEGMENT = 4096
_AT_ONCE = 256  # photos being decoded
_TRIED = 16  # photos, to know how long decoding takes
_KEPT_FREE = 2**30  # bytes of the disk that the cache never takes


def cached_pixels(samples: pd.DataFrame, shrink: Preprocess) -> PixelCache:
    """Return the pixels of these photos, after decoding those that no training has used at this size yet.

    What cannot be kept (a full disk, a limit reached) is said and left out; it is then decoded again in each epoch.

    Args:
        samples: with `path`, `area` and `digest`.
        shrink: how photos are brought to size.
    """
    folder, wanted = _folder_of(shrink), _known(samples)
    pixels = PixelCache(folder)
    if not pixels.has(wanted["key"]).all():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone_in(folder):
                _add(wanted, shrink, folder)
        except OSError as error:  # a full disk or a read-only home costs time, not the training
            log.warning("Photos are decoded again in each epoch: they cannot be kept in %s: %s", folder, error)
        pixels = PixelCache(folder)
    for segment in pixels.segments_of(wanted["key"]):
        mark_used(segment)
    return pixels


def seconds_to_fill(samples: pd.DataFrame, shrink: Preprocess) -> float:
    """Return about how long `cached_pixels` would take, by decoding a few of the photos that the cache lacks."""
    wanted = _known(samples)
    missing = wanted[~PixelCache(_folder_of(shrink)).has(wanted["key"])]
    some = missing[:: math.ceil(len(missing) / _TRIED) or 1]
    started = time.perf_counter()
    for _ in _decoded(_places_of(some), shrink):
        pass
    return (time.perf_counter() - started) * len(missing) / max(1, len(some))


def _folder_of(shrink: Preprocess) -> Path:
    return _CACHE.folder / f"{_CACHE.version}-{shrink.size}-{shrink.resize}-{shrink.denoise}"


def _known(samples: pd.DataFrame) -> pd.DataFrame:
    """Return the photos whose content is known, each once, with their keys."""
    return samples.assign(key=photo_keys(samples)).query("key != ''").drop_duplicates("key")


def _places_of(photos: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(photos["path"], photos["area"], strict=True))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system takes back from a process that ends in whatever way."""
    lock = Lock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("Another process is decoding photos into %s: waiting for it.", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _add(wanted: pd.DataFrame, shrink: Preprocess, folder: Path) -> None:
    """Decode in parallel what is missing, a segment at a time, so that little is lost if it is stopped."""
    pixels = PixelCache(folder)
    for dead in [*folder.glob("partial-*"), *pixels.damaged]:  # partial: of a killed process, as we hold the lock
        shutil.rmtree(dead, ignore_errors=True)
    missing = wanted[~pixels.has(wanted["key"])]
    room = _make_room(3 * shrink.size**2 * len(missing), pixels.segments_of(wanted["key"]))
    if not len(missing) or not room:
        return
    log.info("Decoding %s photos once, to %d pixels.", f"{len(missing):,}", shrink.size)
    decoded = _within(room, track(_decoded(_places_of(missing), shrink), len(missing), "decoding photos"))
    while _write_segment(islice(decoded, _PHOTOS_A_SEGMENT), folder):
        pass


def _make_room(needed: int, in_use: set[Path]) -> int:
    """Throw away what was not used for longest until `needed` bytes fit; return what fits, 0 where they never will."""
    segments = {segment: bytes_of(segment / "pixels.bin") for segment in _CACHE.folder.glob("*/segment-*")}
    limit = int(min(cache_limit(), free_bytes(_CACHE.folder) - _KEPT_FREE + sum(segments.values())))
    kept = sum(segments.pop(segment, 0) for segment in in_use)
    if kept + needed > limit:
        log.warning(
            "Photos are decoded again in each epoch: %.1f GB of pixels do not fit into the %.1f GB that the cache may "
            "take in %s. KFOOD_CACHE names another folder, KFOOD_CACHE_GB another limit.",
            (kept + needed) / 1e9,
            max(0, limit) / 1e9,
            _CACHE.folder,
        )
        return 0
    return make_room(segments, limit - kept, needed)


def _within(room: int, photos: Iterable[tuple[str, np.ndarray] | None]) -> Iterator[tuple[str, np.ndarray]]:
    """Pass on photos until they fill the room: long ones take more of it than squares."""
    for photo in photos:
        if photo is None:
            continue
        room -= photo[1].nbytes
        if room < 0:
            log.warning("The cache is full: the other photos are decoded again in each epoch (see KFOOD_CACHE_GB).")
            return
        yield photo


def _decoded(photos: list[tuple[str, str]], shrink: Preprocess) -> Iterator[tuple[str, np.ndarray] | None]:
    """Yield key and pixels of each photo in order; None where it can no longer be read."""

    def decode(photo: tuple[str, str]) -> tuple[str, np.ndarray] | None:
        path, area = photo
        try:
            content = Path(path).read_bytes()  # once, so that key and pixels are of the same content
            return photo_key(content_digest(content), area), shrink(BytesIO(content), area)
        except OSError:
            return None

    keep_freed_memory()
    # Pillow decodes without holding Python's lock, so threads share the cores.
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(photos), _AT_ONCE):  # so that little waits in memory to be written
            yield from pool.map(decode, photos[start : start + _AT_ONCE])


def _write_segment(photos: Iterable[tuple[str, np.ndarray]], folder: Path) -> int:
    """Write photos as they come and return how many; the folder gets its name only when all are on the disk."""
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=folder))
    index = []
    try:
        with (partial / "pixels.bin").open("wb") as file:
            for key, photo in photos:
                file.write(np.ascontiguousarray(photo).data)
                index.append((key, *photo.shape[:2]))
            os.fsync(file.fileno())
        if not index:
            return 0
        keys, heights, widths = zip(*index, strict=True)
        columns = {"key": np.array(keys, KEY), "height": np.array(heights), "width": np.array(widths)}
        write_arrays(partial / "index.npz", columns)
        partial.rename(partial.with_name(partial.name.replace("partial", "segment")))
        return len(index)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
