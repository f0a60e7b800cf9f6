"""Where kfood keeps things that belong to no run: the demo photos, what is known of checked photos, decoded photos."""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
import unicodedata
from pathlib import Path

from kfood.errors import KfoodError


def real_path(path: str | Path) -> Path:
    """Return `path` as absolute, with ~ and links followed; unlike `Path.resolve` also where they lead nowhere."""
    return Path(os.path.realpath(as_on_disk(os.path.expanduser(path))))


def as_on_disk(path: str) -> str:
    """Return a path with its names as the disk has them, where they differ in how Hangul (or é) is composed.

    People type composed letters (NFC); what comes from a Mac may have them taken apart (NFD), and looks the same. What
    is not there in either form is returned as it is given.
    """
    if path.isascii() or os.path.lexists(path):
        return path
    found = ""
    for name in re.split(f"(?<={re.escape(os.sep)})", path):
        found += name if os.path.lexists(found + name) else _same_name(found, name)
    return found


def _same_name(folder: str, name: str) -> str:
    """Return the name of what is in a folder that is `name` but for its form; `name` where there is no such thing."""
    plain = name.rstrip(os.sep)
    try:
        there = os.listdir(folder or ".")
    except OSError:
        return name
    wanted = unicodedata.normalize("NFC", plain)
    same = next((each for each in there if unicodedata.normalize("NFC", each) == wanted), plain)
    return same + name[len(plain) :]


def cache_folder() -> Path:
    """Return the folder for what can be made again: `KFOOD_CACHE`, else the platform's own cache folder."""
    if given := os.environ.get("KFOOD_CACHE"):
        return Path(os.path.expanduser(given))
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "kfood" / "cache"
    if sys.platform not in ("darwin", "win32") and (given := os.environ.get("XDG_CACHE_HOME")):
        return Path(given) / "kfood"
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor a user's name, as in a service or a container
        return Path(tempfile.gettempdir()) / f"kfood-cache-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    places = {"darwin": "Library/Caches/kfood", "win32": "AppData/Local/kfood/cache"}
    return home / places.get(sys.platform, ".cache/kfood")


def cache_limit() -> float:
    """Return how many bytes decoded photos may take: `KFOOD_CACHE_GB` (1 GB is 10^9 bytes), else 50 GB.

    Raises:
        KfoodError: the variable is not a number, or below 0.
    """
    given = os.environ.get("KFOOD_CACHE_GB") or "50"
    try:
        limit = float(given) * 1e9
    except ValueError:
        limit = math.nan
    if not limit >= 0:  # nan too
        raise KfoodError(f'KFOOD_CACHE_GB is "{given}": it must be a number of gigabytes, such as 20.')
    return limit


def runs_folder() -> Path:
    """Return the folder that holds all runs: `KFOOD_RUNS`, else `runs` in the current folder."""
    return Path(os.environ.get("KFOOD_RUNS") or "runs")
