"""Open every photo once before training: what cannot be read is known by name, what is odd is said.

What was found is remembered by path, size and time of change, so that an unchanged folder is not opened again. The
time is that of the file's last change of any kind (ctime), which copying an older photo over it cannot set back.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pandas as pd

from kfood.data.photo import FileFindings, inspect_photo
from kfood.errors import DataError
from kfood.exported.predict import read_file
from kfood.system.cache import Cache
from kfood.system.collectives import all_maxima, gathered, my_part
from kfood.system.cores import available_cores
from kfood.system.files import content_digest, write_csv
from kfood.system.paths import real_path
from kfood.system.processes import local_rank
from kfood.system.progress import track

log = logging.getLogger(__name__)
_CACHE = Cache("checks", version=2)  # of the columns, and of what `inspect_photo` finds in a photo
_KEY = ["path", "bytes", "changed_ns"]
COLUMNS = [*_KEY, "digest", *FileFindings.__dataclass_fields__]
_AT_ONCE = 64  # photos that are being looked at
_KEPT_EVERY = 60  # seconds of looking that are lost at most where the process is killed
_TICK_NS = 20_000_000  # a file system's clock: what changed so shortly before a look may change again unseen
_TYPES = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(["bytes", "changed_ns", "width", "height"], "int64")


def check_photos(samples: pd.DataFrame, root: str | Path, shared: bool = False) -> pd.DataFrame:
    """Return what each photo's file holds, in the order of `samples`.

    Args:
        samples: with `path`.
        root: the data folder or CSV; what is found is remembered under its name.
        shared: whether all processes of a training are here, so that each opens a part.

    Returns:
        A row a photo: `path`, `bytes`, `changed_ns`, `digest` (of the file's content, 32 hex digits), `format`,
        `mode`, `width`, `height`, `notes` and `fault` ('' where the photo can be read).

    Raises:
        DataError: processes see other numbers of photos.
    """
    looked_at = time.time_ns()
    files = pd.DataFrame([_stamp(path) for path in samples["path"]], columns=_KEY)
    memory = _memory(Path(root))
    known = files.merge(_remembered(memory), on=_KEY, how="left")
    new = _new_to_any(known["fault"].isna()) if shared else known["fault"].isna()
    if not new.any():
        return known[COLUMNS]
    unknown = files[new].reset_index(drop=True)
    mine = unknown[my_part(len(unknown))].reset_index(drop=True) if shared else unknown
    findings: list[dict[str, str | int]] = []
    kept, kept_at = 0, time.monotonic()

    def keep() -> None:
        fresh = mine[kept : len(findings)].reset_index(drop=True).join(pd.DataFrame(findings[kept:]))
        _remember(memory, fresh, looked_at)

    try:
        for finding in track(_looked_at(mine["path"]), len(mine), "checking photos"):
            findings.append(finding)
            if time.monotonic() - kept_at > _KEPT_EVERY:
                keep()
                kept, kept_at = len(findings), time.monotonic()
    finally:  # also of what was begun and stopped
        if len(findings) > kept:
            keep()
    old = known[~new].astype(_TYPES)  # the merge had to make width and height floats
    fresh = unknown.join(pd.DataFrame(gathered(findings) if shared else findings))
    if shared and local_rank() == 0:  # those of a machine have one memory, and may have written over each other
        _remember(memory, fresh, looked_at)
    return pd.concat([old, fresh])[COLUMNS].set_index("path").loc[files["path"]].reset_index()


def readable(samples: pd.DataFrame, findings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split samples into those that can be read, with their `digest`, and those that cannot, with their `fault`.

    Says how many are left out or converted. `findings` are those of `samples`, in the same order.
    """
    faults = findings["fault"].to_numpy()
    good = samples.assign(digest=findings["digest"].to_numpy())[faults == ""].reset_index(drop=True)
    bad = samples.assign(fault=faults)[faults != ""].reset_index(drop=True)
    odd = findings[findings["notes"] != ""]
    if len(odd):
        log.info("%d photos are converted on opening (kfood data check lists them).", len(odd))
    for path, fault in bad[["path", "fault"]].head(5).itertuples(index=False):
        log.warning("Left out, cannot be read: %s (%s)", path, fault)
    if len(bad) > 5:
        log.warning("… and %d more: %d photos are left out in all.", len(bad) - 5, len(bad))
    return good, bad


def _new_to_any(new: pd.Series) -> pd.Series:
    """Return which photos some process does not know yet, so that all work on the same ones."""
    least, most = (int(number) for number in all_maxima(-len(new), len(new)))
    if -least != most:
        raise DataError(f"The processes see from {-least} to {most} photos: give all machines the same ones.")
    return pd.Series(all_maxima(*new), index=new.index) > 0


def _looked_at(paths: pd.Series) -> Iterator[dict[str, str | int]]:
    """Yield what is found in each photo, in order; when it is stopped, few are still being looked at."""
    # Pillow decodes without holding Python's lock, so threads share the cores.
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(paths), _AT_ONCE):
            yield from pool.map(_look, paths[start : start + _AT_ONCE])


def _look(path: str) -> dict[str, str | int]:
    try:
        content = read_file(path)
    except (OSError, ValueError) as error:  # ValueError: no name of a file
        return {"digest": "", **FileFindings(fault=getattr(error, "strerror", None) or str(error)).as_dict()}
    return {"digest": content_digest(content), **inspect_photo(BytesIO(content), Path(path).suffix).as_dict()}


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return path, -1, -1
    # Windows keeps the time of creation under the name of ctime.
    return path, status.st_size, status.st_ctime_ns if os.name == "posix" else status.st_mtime_ns


def _memory(root: Path) -> Path:
    return _CACHE.folder / f"{_CACHE.key([str(real_path(root))])}.csv"


def _remembered(memory: Path) -> pd.DataFrame:
    def parse(file: Path) -> pd.DataFrame:
        table = pd.read_csv(file, encoding="utf-8-sig", usecols=COLUMNS, dtype=_TYPES, keep_default_na=False)
        return table.drop_duplicates(_KEY)

    found = _CACHE.read(memory, parse)
    return pd.DataFrame(columns=COLUMNS).astype(_TYPES) if found is None else found


def _remember(memory: Path, findings: pd.DataFrame, looked_at: int) -> None:
    """Keep what was found in files that had not just changed; also of others under the same root."""
    findings = findings[findings["changed_ns"].between(0, looked_at - _TICK_NS)]
    others = _remembered(memory)
    table = pd.concat([others[~others["path"].isin(findings["path"])], findings])
    _CACHE.keep(memory, lambda file: write_csv(file, table), "What was found in the photos")
