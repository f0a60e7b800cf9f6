"""Where kfood keeps things that belong to no run: the demo photos and what is known of checked photos."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for what can be made again: `KFOOD_CACHE`, else the platform's own cache folder."""
    if given := os.environ.get("KFOOD_CACHE"):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "kfood"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "kfood" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kfood"


def runs_folder() -> Path:
    """Return the folder that holds all runs: `KFOOD_RUNS`, else `runs` in the current folder."""
    return Path(os.environ.get("KFOOD_RUNS") or "runs")
