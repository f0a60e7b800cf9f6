"""Where kfood keeps what it can make again."""

import os
import tempfile
from pathlib import Path

import pytest

from kfood.system.paths import cache_folder


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
