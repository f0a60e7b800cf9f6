"""What is kept is found again by all that it was made of, and by nothing less; nothing that befalls it does harm."""

import errno
import multiprocessing
import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from kfood.system import cache as cache_module
from kfood.system.cache import Cache, make_room, mark_used
from kfood.system.files import write_arrays, write_text

CACHE = Cache("things", version=1, most_bytes=100)


def keep(name: str, text: str, cache: Cache = CACHE) -> Path:
    cache.keep(file := cache.folder / name, lambda file: write_text(file, text), "The things")
    return file


def read(file: Path) -> str | None:
    return CACHE.read(file, Path.read_text)


def kept() -> set[str]:
    return {file.name for file in CACHE.folder.rglob("*")}


def last_used(file: Path, seconds_ago: float) -> None:
    os.utime(file, (time.time() - seconds_ago,) * 2)


# Keys


def test_a_key_is_of_the_parts_alone():
    parts = ["갈비찜", b"weights", {"size": 224, "resize": "pad"}, (1, 2.5, None)]
    again = ["갈비찜", b"weights", {"resize": "pad", "size": 224}, [1, 2.5, None]]
    assert CACHE.key(iter(parts)) == CACHE.key(again)
    assert len(CACHE.key(parts)) == 32


def test_a_key_tells_apart_whatever_differs():
    different = [
        [],
        [""],
        ["", ""],
        ["ab"],
        ["a", "b"],
        ["b", "a"],
        [["a", "b"]],
        [b"ab"],
        [b"a", b"b"],
        [b'"ab"'],
        [1],
    ]
    different += [["1"], [b"1"], [True], [None], [{"a": 1}], [["a", 1]], ["\udcff"], ["?"]]
    keys = [CACHE.key(parts) for parts in different]
    assert len(set(keys)) == len(different)


def test_another_version_has_keys_of_its_own():
    assert Cache("things", 2).key(["a"]) != CACHE.key(["a"])
    assert Cache("things", 1).key(["1", "a"]) != Cache("things", 11).key(["a"])


# Reading and writing


def test_what_was_kept_is_read_and_is_used_then():
    file = keep("one", "갈비찜")
    last_used(file, 1000)
    assert read(file) == "갈비찜"
    assert time.time() - file.stat().st_mtime < 100


def test_what_is_of_no_use_here_is_not_used():
    file = keep("one", "text")
    last_used(file, 1000)
    assert CACHE.read(file, lambda file: None) is None
    assert time.time() - file.stat().st_mtime > 900


@pytest.mark.parametrize("error", [ValueError, KeyError, EOFError, PermissionError, IndexError, MemoryError])
def test_what_cannot_be_read_is_not_there(error):
    def parse(file: Path) -> str:
        raise error("damaged")

    assert read(CACHE.folder / "never kept") is None
    assert CACHE.read(keep("one", "text"), parse) is None


def test_ctrl_c_is_no_damage():
    def parse(file: Path) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CACHE.read(keep("one", "text"), parse)


def test_whatever_befalls_arrays_they_come_back_as_they_were_or_not_at_all():
    arrays, rng = {"features": np.random.default_rng(0).random((40, 3), np.float32)}, random.Random(0)
    CACHE.keep(file := CACHE.folder / "arrays.npz", lambda file: write_arrays(file, arrays), "The things")
    whole = file.read_bytes()

    def parse(file: Path) -> np.ndarray:
        with np.load(file, allow_pickle=False) as found:
            return found["features"]

    for _ in range(200):
        cut, flipped = rng.randrange(len(whole)), bytearray(whole)
        flipped[cut] ^= 1 << rng.randrange(8)
        for damaged in (whole[:cut], bytes(flipped)):
            file.write_bytes(damaged)
            found = CACHE.read(file, parse)
            assert found is None or np.array_equal(found, arrays["features"])


def test_a_cache_that_may_only_be_read_is_read(monkeypatch):
    file = keep("one", "text")
    monkeypatch.setattr(os, "utime", lambda *given: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only")))
    assert read(file) == "text"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_no_room_costs_a_warning_and_leaves_what_was_there(monkeypatch, caplog, number):
    file = keep("one", "old")

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    keep("one", "new")
    assert f"The things cannot be kept: [Errno {number}]" in caplog.text
    assert (read(file), kept()) == ("old", {"one"})


def test_a_folder_that_cannot_be_made_costs_a_warning(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path / "file"))
    assert read(keep("one", "text")) is None
    assert "The things cannot be kept" in caplog.text


def test_ctrl_c_while_writing_leaves_what_was_there(monkeypatch):
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    file = keep("one", "old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        keep("one", "new")
    assert (read(file), kept()) == ("old", {"one"})


# Room


def test_what_was_not_used_for_longest_goes():
    files = {name: keep(name, "x" * 30) for name in ("a", "b", "c")}
    for age, file in enumerate(files.values(), 1):
        last_used(file, 1000 - age)
    assert read(files["a"])
    keep("d", "x" * 30)
    assert kept() == {"a", "c", "d"}
    last_used(files["a"], 10)
    keep("e", "x" * 60)
    assert kept() == {"d", "e"}


def test_what_was_made_last_stays_however_large_it_is():
    keep("a", "x")
    keep("b", "x" * 1000)
    assert kept() == {"b"}
    last_used(CACHE.folder / "b", 1000)
    keep("a", "x")
    assert kept() == {"a"}


def test_what_older_versions_and_killed_processes_left_goes_with_the_rest():
    for name in ("old/format.bin", ".a.123.partial"):
        (file := CACHE.folder / name).parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(60))
        last_used(file, 10_000)
    (being_written := CACHE.folder / ".b.456.partial").write_bytes(bytes(60))
    last_used(being_written, 1000)
    keep("a", "x" * 60)
    assert kept() == {"a", "old", being_written.name}


def test_without_a_limit_nothing_goes():
    for name in "abc":
        keep(name, "x" * 1000, Cache("things", 1))
    assert kept() == set("abc")


def test_folders_go_whole_and_only_as_many_as_must(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    mark_used(tmp_path / "b")
    for age, name in ((5, "b"), (9, "a"), (7, "c")):
        last_used(tmp_path / name, age * 100)
    assert make_room({tmp_path / name: 10 for name in "abc"}, limit=30, needed=15) == 20
    assert {path.name for path in tmp_path.iterdir()} == {"b"}
    assert make_room({tmp_path / "b": 10}, limit=30, needed=20) == 20
    assert (tmp_path / "b").exists()


def test_what_cannot_be_removed_still_takes_room(tmp_path, monkeypatch):
    """As a file that another process reads, on Windows."""
    (tmp_path / "a").touch()

    def refuse(path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    gone = tmp_path / "thrown away by another process"
    assert make_room({tmp_path / "a": 10, gone: 5}, limit=12, needed=10) == 2


# Other processes


def write_and_read(seed: int) -> int:
    """Keep and read arrays of one number each; return how many were read, or fail where one is not whole."""
    rng, n_read, cache = random.Random(seed), 0, Cache("things", 1, most_bytes=20_000)

    def parse(file: Path) -> np.ndarray:
        with np.load(file, allow_pickle=False) as found:
            return found["a"]

    cache_module.log.warning = lambda *given: (_ for _ in ()).throw(AssertionError(given))
    for _ in range(150):
        number = rng.randrange(8)
        file = cache.folder / f"{number}.npz"
        if (found := cache.read(file, parse)) is not None:
            assert found.shape == (1000,) and (found == number).all()
            n_read += 1
        else:
            cache.keep(file, lambda file, n=number: write_arrays(file, {"a": np.full(1000, n, np.float32)}), "Things")
    return n_read


def test_processes_write_read_and_throw_away_at_once():
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert all(n_read > 0 for n_read in pool.map(write_and_read, range(4), chunksize=1))
    assert sum(file.stat().st_size for file in CACHE.folder.iterdir()) <= 20_000 + 4 * 5_000
