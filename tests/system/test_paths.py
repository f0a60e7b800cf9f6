"""Where kfood keeps what it can make again."""

import os
import tempfile
import unicodedata
from pathlib import Path

import pytest

from kfood.system.paths import as_on_disk, cache_folder, real_path


@pytest.fixture
def nowhere(monkeypatch):
    """A user without a name, HOME or a cache of their own, as in a service or a container."""
    import pwd

    def unknown(_):
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "KFOOD_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_without_a_home_the_cache_is_below_the_temporary_folder(nowhere):
    folder = cache_folder()
    assert folder.parent == Path(tempfile.gettempdir()) and str(os.getuid()) in folder.name


def test_what_is_named_is_taken(nowhere, tmp_path):
    nowhere.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kfood"
    nowhere.setenv("KFOOD_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    nowhere.setenv("KFOOD_CACHE", "~nobody-of-that-name/cache")  # cannot be expanded: taken as it is
    assert cache_folder() == Path("~nobody-of-that-name/cache")


def apart(name: str) -> str:
    return unicodedata.normalize("NFD", name)


@pytest.mark.parametrize("on_disk", [apart, str])
@pytest.mark.parametrize("asked", [apart, str])
def test_names_are_found_in_whatever_form_the_disk_has_them(tmp_path, on_disk, asked):
    there = tmp_path / on_disk("사진") / "2023" / on_disk("김밥[1]*.jpg")
    there.parent.mkdir(parents=True)
    there.touch()
    typed = str(tmp_path / asked("사진") / "2023" / asked("김밥[1]*.jpg"))
    assert os.path.samefile(as_on_disk(typed), there)
    assert real_path(typed) == there.resolve()


def test_names_that_are_not_there_stay_as_they_are(tmp_path, monkeypatch):
    (tmp_path / apart("사진")).mkdir()
    monkeypatch.chdir(tmp_path)
    assert as_on_disk("사진/새것.csv") == f"{apart('사진')}/새것.csv"  # made in the folder that is there
    for path in ("김밥", "없음/김밥.jpg", "", "--data", "김밥=1", "/없음/김밥/"):
        assert as_on_disk(path) == path
