"""Whether a folder may be written, and how much room its disk has."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from kfood.errors import KfoodError, MachineError
from kfood.system.os_errors import cannot_use


def free_bytes(folder: Path) -> int:
    """Return how many bytes the user may still write where `folder` is, or will be made."""
    return shutil.disk_usage(_existing(folder)).free


def size_of(folder: Path) -> int:
    """Return the bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def require_room(folder: Path, needed: int, what: str) -> None:
    """Check that `needed` bytes fit where `folder` is, or will be made; `what` needs them.

    Raises:
        MachineError: they do not.
    """
    free = free_bytes(folder)
    if free < needed:
        raise MachineError(
            f"{what} needs about {needed / 1e6:,.0f} MB in {folder}, but its disk has {free / 1e6:,.0f} MB left: make "
            "room there, or name a folder on another disk (--runs or KFOOD_RUNS)."
        )


def require_writable(folder: Path) -> None:
    """Check that files can be written into `folder`, or that it can be made; leaves nothing there.

    Raises:
        MachineError: they cannot.
    """
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            pass
    except OSError as error:  # os.access would say yes to root, and knows nothing of a full disk
        raise cannot_use(folder, error) from None


def output_file(file: Path) -> Path:
    """Return a file to be written later, after a look whether it can be; its folder need not be there yet.

    Raises:
        KfoodError: it is a folder, or cannot be written.
    """
    if file.is_dir():
        raise KfoodError(f"{file} is a folder: name a file in it, such as {file / 'predictions.csv'}.")
    require_writable(file.parent)
    return file


def _existing(folder: Path) -> Path:
    """Return the folder itself or the nearest above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())
