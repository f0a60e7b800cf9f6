"""The cache of decoded photos survives damage, a full disk and other processes, and keeps to its limit."""

import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from kfood.data import pixel_cache as cache
from kfood.data.pixel_cache import cached_pixels
from kfood.data.pixels import PixelCache
from kfood.data.preprocess import Preprocess
from kfood.errors import KfoodError
from support.album import (
    AUGMENT,
    BYTES,
    SIZE,
    SQUISH,
    all_right,
    bytes_kept,
    folders,
    from_cache,
    from_files,
    same_as_without_cache,
)

pytestmark = pytest.mark.slow

# Damage


class _Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def rewrite_index(segment: Path, **columns) -> None:
    with np.load(segment / "index.npz") as file:
        table = {name: file[name] for name in file.files} | columns
    np.savez(segment / "index.npz", **{name: column for name, column in table.items() if column is not None})


DAMAGES = {
    "pixels cut": lambda segment, evil: os.truncate(segment / "pixels.bin", 4 * BYTES - 1),
    "pixels of other photos": lambda segment, evil: os.truncate(segment / "pixels.bin", 3 * BYTES),
    "too many pixels": lambda segment, evil: os.truncate(segment / "pixels.bin", 4 * BYTES + 1),
    "no pixels": lambda segment, evil: (segment / "pixels.bin").write_bytes(b""),
    "pixels gone": lambda segment, evil: (segment / "pixels.bin").unlink(),
    "index gone": lambda segment, evil: (segment / "index.npz").unlink(),
    "index empty": lambda segment, evil: (segment / "index.npz").write_bytes(b""),
    "index garbage": lambda segment, evil: (segment / "index.npz").write_bytes(bytes(range(250)) * 2),
    "index cut": lambda segment, evil: os.truncate(segment / "index.npz", 400),
    "index without widths": lambda segment, evil: rewrite_index(segment, width=None),
    "index too short": lambda segment, evil: rewrite_index(segment, height=np.array([SIZE] * 3)),
    "index of nothing": lambda segment, evil: rewrite_index(segment, key=np.empty(0, "S96"), height=[], width=[]),
    "pickle in the index": lambda segment, evil: rewrite_index(segment, key=np.array([evil] * 4, dtype=object)),
    "pickle as the index": lambda segment, evil: (segment / "index.npz").write_bytes(pickle.dumps(evil)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_segment_is_passed_over_and_its_photos_decoded_again(
    album, tmp_path, caplog, decoded, segments_of, damage
):
    segments_of(4)
    samples = album(8)
    cached_pixels(samples, SQUISH)
    harmed = folders("segment")[0]
    damage(harmed, _Evil(tmp_path / "run"))
    decoded.clear()
    pixels = cached_pixels(samples, SQUISH)
    assert f"{harmed} is passed over" in caplog.text
    assert not (tmp_path / "run").exists()
    assert len(decoded) == 4
    assert all_right(pixels, samples)
    decoded.clear()
    assert all_right(cached_pixels(samples, SQUISH), samples)
    assert len(decoded) == 8  # by all_right alone


def test_a_damaged_segment_does_not_shift_the_others(album, segments_of):
    segments_of(1)
    samples = album(6)
    cached_pixels(samples, SQUISH)
    for segment in folders("segment")[::2]:
        (segment / "index.npz").unlink()
    found = from_cache(PixelCache(folders("segment")[0].parent), samples)
    expected = from_files(samples)
    assert sum(photo is not None for photo in found) == 3
    assert all(photo is None or np.array_equal(photo, right) for photo, right in zip(found, expected, strict=True))


# Room


def test_photos_that_do_not_fit_are_said_with_both_numbers(album, monkeypatch, caplog, decoded):
    monkeypatch.setenv("KFOOD_CACHE_GB", "0.2")
    many = pd.DataFrame({"path": [f"/{n}" for n in range(1500)], "digest": [f"{n:032x}" for n in range(1500)]})
    cached_pixels(many.assign(area=""), Preprocess(320, "squish", "none"))
    assert "0.5 GB of pixels do not fit into the 0.2 GB that the cache may take in" in caplog.text
    assert "KFOOD_CACHE names another folder, KFOOD_CACHE_GB another limit" in caplog.text
    assert decoded == []


def test_training_goes_on_where_photos_do_not_fit(album, limit, caplog):
    limit(9)
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert folders("segment") == folders("partial") == []
    assert "Photos are decoded again in each epoch" in caplog.text


def test_a_limit_that_just_suffices_suffices(album, limit, caplog):
    limit(10.001)
    samples = album(10)
    assert all_right(cached_pixels(samples, SQUISH), samples)
    assert caplog.text == ""


def test_a_gigabyte_of_the_disk_stays_free(album, monkeypatch, caplog):
    free = 2**30 + 4 * BYTES
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    samples = album(5)
    assert from_cache(cached_pixels(samples, SQUISH), samples) == [None] * 5
    assert "do not fit" in caplog.text
    assert all_right(cached_pixels(samples[:4], SQUISH), samples[:4])


@pytest.mark.parametrize("given", ["lots", "20 GB", "-1", "nan"])
def test_a_limit_that_is_no_number_is_told(album, monkeypatch, given):
    monkeypatch.setenv("KFOOD_CACHE_GB", given)
    with pytest.raises(KfoodError, match=re.escape(f'KFOOD_CACHE_GB is "{given}": it must be a number of gigabytes')):
        cached_pixels(album(1), SQUISH)


def kept_since(seconds: int, samples: pd.DataFrame, shrink: Preprocess) -> list[Path]:
    """Keep photos and let their segments look as if they were last used so long ago."""
    before = set(folders("segment"))
    cached_pixels(samples, shrink)
    segments = [segment for segment in folders("segment") if segment not in before]
    for segment in segments:
        os.utime(segment, (10**9 - seconds,) * 2)
    return segments


def test_what_was_not_used_for_longest_makes_room(album, limit):
    ages = {"crop": 20, "pad": 30, "squish": 10}
    samples = album(4, size=(48, 48))
    segments = {resize: kept_since(age, samples, Preprocess(SIZE, resize, "none")) for resize, age in ages.items()}
    limit(12.001)
    cached_pixels(samples, Preprocess(SIZE, "squish", "blur"))
    assert not segments["pad"][0].exists()
    assert segments["crop"][0].exists() and segments["squish"][0].exists()
    limit(8.001)
    cached_pixels(samples, Preprocess(SIZE, "squish", "opening"))
    assert not segments["crop"][0].exists() and not segments["squish"][0].exists()  # and not what was made last
    assert all_right(
        cached_pixels(samples, Preprocess(SIZE, "squish", "blur")), samples, Preprocess(SIZE, "squish", "blur")
    )


def test_using_photos_makes_them_the_last_to_go(album, limit):
    samples, old, new = album(4, size=(48, 48)), Preprocess(SIZE, "crop", "none"), Preprocess(SIZE, "pad", "none")
    (used,), (unused,) = kept_since(20, samples, old), kept_since(10, samples, new)
    cached_pixels(samples, old)
    limit(8.001)
    cached_pixels(samples, SQUISH)
    assert used.exists() and not unused.exists()


def test_photos_of_another_data_set_at_the_same_size_go_before_those_in_use(album, limit, monkeypatch):
    ours, theirs, added = album(4), album(4, first=4), album(4, first=8)
    (own,), (foreign,) = kept_since(10, ours, SQUISH), kept_since(20, theirs, SQUISH)
    own = own.rename(own.with_name("segment-a"))
    foreign = foreign.rename(foreign.with_name("segment-b"))
    clock, utime = count(2 * 10**9), os.utime  # the system's own is too coarse to tell which was used first
    monkeypatch.setattr(cache.os, "utime", lambda path, times=None: utime(path, times or (next(clock),) * 2))
    limit(8.001)
    both = pd.concat([ours, added])
    pixels = cached_pixels(both, SQUISH)
    assert own.exists() and not foreign.exists()
    assert all_right(pixels, both)


def test_photos_of_a_training_do_not_push_each_other_out_silently(album, limit, caplog):
    limit(6.001)
    cached_pixels(album(4), SQUISH)
    samples = album(8)
    kept = sum(photo is not None for photo in from_cache(cached_pixels(samples, SQUISH), samples))
    assert kept == 8 or "decoded again" in caplog.text


def test_the_limit_holds_for_photos_that_are_no_squares(album, limit):
    limit(4.001)
    cached_pixels(album(4, size=(160, 40)), Preprocess(SIZE, "crop", "none"))
    assert bytes_kept() <= 4.001 * BYTES


def test_a_limit_of_nan_throws_nothing_away(album, monkeypatch):
    (segment,) = kept_since(0, album(2), Preprocess(SIZE, "pad", "none"))
    monkeypatch.setenv("KFOOD_CACHE_GB", "nan")
    try:
        cached_pixels(album(2), SQUISH)
    except KfoodError as error:
        assert "KFOOD_CACHE_GB" in str(error)
    assert segment.exists()


# A cache that cannot be written to


def test_a_cache_folder_that_is_a_file_costs_time_only(album, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "file"))
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert "Photos are decoded again in each epoch: they cannot be kept" in caplog.text


def test_a_read_only_cache_folder_costs_time_only(album, monkeypatch, caplog):
    def refuse(self: Path, *args, **kwargs) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert same_as_without_cache(album(10), augment=AUGMENT)
    assert "Read-only file system" in caplog.text


@pytest.mark.parametrize("number", [errno.EROFS, errno.EPERM])
def test_a_read_only_cache_is_read(album, monkeypatch, decoded, number):
    """A cache that an administrator filled, on a file system that others may only read."""
    samples = album(4)
    cached_pixels(samples, SQUISH)
    decoded.clear()

    def refuse(*args, **kwargs) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache.os, "utime", refuse)
    pixels = cached_pixels(samples, SQUISH)
    assert decoded == []
    assert all_right(pixels, samples)


@pytest.mark.parametrize("good_writes", [0, 1, 2, 3])
def test_a_full_disk_leaves_nothing_half_written(album, monkeypatch, caplog, segments_of, good_writes):
    """Each segment is two files: of four segments, so many files can be written."""
    segments_of(3)
    writes, fsync = [], os.fsync

    def full(file: int) -> None:
        writes.append(file)
        if len(writes) > good_writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    samples = album(10)
    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "fsync", full)
        pixels = cached_pixels(samples, SQUISH)
    assert "No space left on device" in caplog.text
    assert folders("partial") == [] and len(folders("segment")) == good_writes // 2
    kept = 3 * (good_writes // 2)
    assert all_right(pixels, samples[:kept])
    assert from_cache(pixels, samples[kept:]) == [None] * (10 - kept)
    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "fsync", full)
        assert same_as_without_cache(samples, augment=AUGMENT)
    assert all_right(cached_pixels(samples, SQUISH), samples)  # there is room again


# Other processes

BUILDER = """
import logging, sys, threading
import pandas as pd
from kfood.data import pixel_cache
from kfood.data.preprocess import Preprocess

table, stop_at = sys.argv[1], int(sys.argv[2])
logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
pixel_cache._PHOTOS_A_SEGMENT = pixel_cache._AT_ONCE = 3
calls, one_at_a_time, original = [], threading.Lock(), Preprocess.__call__

def stopping(self, photo, area=""):
    with one_at_a_time:
        calls.append(photo)
        if len(calls) == stop_at:
            print("stopped", flush=True)
            sys.stdin.readline()
    return original(self, photo, area)

Preprocess.__call__ = stopping
samples = pd.read_csv(table, dtype=str, keep_default_na=False)
sys.stdin.readline()
pixel_cache.cached_pixels(samples, Preprocess(32, "squish", "none"))
print("decoded:", len(calls), flush=True)
"""


@pytest.fixture
def builder(tmp_path):
    """Return a function that starts a process which keeps photos once it is told to go, in segments of three.

    It stops before it decodes its `stop_at`-th photo, and goes on when it is told to go again.
    """
    started = []

    def start(samples: pd.DataFrame, stop_at: int = 0) -> subprocess.Popen:
        table = tmp_path / f"samples{len(started)}.csv"
        samples.to_csv(table, index=False)
        command = [sys.executable, "-c", BUILDER, str(table), str(stop_at)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def wait_for(process: subprocess.Popen, words: str) -> str:
    """Read what a process says until it says these words, and return that line."""
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"the process ended without saying {words!r}")


@pytest.mark.skipif(sys.platform == "win32", reason="removes files that are in use")
def test_a_killed_process_leaves_no_lock_and_its_remains_are_cleared(album, builder, decoded):
    samples = album(10)
    process = builder(samples, stop_at=6)
    go(process)
    wait_for(process, "stopped")
    assert len(folders("partial")) == len(folders("segment")) == 1
    process.kill()
    process.wait()
    assert len(folders("partial")) == 1  # nobody tidied up
    with FileLock(folders("partial")[0].with_name("lock"), timeout=0):
        pass
    pixels = cached_pixels(samples, SQUISH)
    assert sorted(decoded) == sorted(samples["digest"][3:])  # not those that it had finished
    assert folders("partial") == []
    assert all_right(pixels, samples)


@pytest.mark.skipif(sys.platform == "win32", reason="removes files that are in use")
def test_two_processes_at_once_decode_each_photo_once(album, builder):
    samples = album(10)
    first, second = builder(samples[:6], stop_at=2), builder(samples)
    go(first)
    wait_for(first, "stopped")
    go(second)
    wait_for(second, "Another process is decoding photos")
    assert len(folders("partial")) == 1  # the second one leaves the first one's alone
    go(first)
    assert wait_for(first, "decoded:") == "decoded: 6\n"
    assert wait_for(second, "decoded:") == "decoded: 4\n"
    assert folders("partial") == [] and bytes_kept() == 10 * BYTES
    assert all_right(PixelCache(folders("segment")[0].parent), samples)


def test_segments_that_another_process_throws_away_stay_readable(album):
    samples = album(4)
    pixels = cached_pixels(samples, SQUISH)
    for segment in folders("segment"):
        shutil.rmtree(segment)
    assert all_right(pixels, samples)
    assert all_right(cached_pixels(samples, SQUISH), samples)
