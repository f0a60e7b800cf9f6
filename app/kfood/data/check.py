"""Open every photo once before training: what cannot be read is known by name, what is odd is said.

What was found is remembered by path, size and time of change, so that an unchanged folder is not opened again.
"""

from __future__ import annotations

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from kfood.data.photo import Finding, inspect_photo
from kfood.files import write_csv
from kfood.paths import cache_folder
from kfood.progress import track

log = logging.getLogger(__name__)
_KEY = ["path", "bytes", "changed_ns"]
COLUMNS = [*_KEY, *Finding.__dataclass_fields__]
_TYPES = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(["bytes", "changed_ns", "width", "height"], "int64")


def check_photos(samples: pd.DataFrame, root: str | Path) -> pd.DataFrame:
    """Return what each photo's file holds, in the order of `samples`.

    Args:
        samples: with `path`.
        root: the data folder or CSV; what is found is remembered under its name.

    Returns:
        A row a photo: `path`, `bytes`, `changed_ns`, `format`, `mode`, `width`, `height`, `notes` and `fault`
        ('' where the photo can be read).
    """
    files = pd.DataFrame([_stamp(path) for path in samples["path"]], columns=_KEY)
    memory = _memory(Path(root))
    known = files.merge(_remembered(memory), on=_KEY, how="left")
    new = known["fault"].isna()
    if not new.any():
        return known[COLUMNS]
    paths = known.loc[new, "path"]
    # Pillow decodes without holding Python's lock, so threads share the cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = list(track(pool.map(inspect_photo, paths), len(paths), "checking photos"))
    fresh = files[new].reset_index(drop=True).join(pd.DataFrame([finding.as_dict() for finding in findings]))
    old = known[~new].astype(_TYPES)  # the merge had to make width and height floats
    result = pd.concat([old, fresh])[COLUMNS].set_index("path").loc[files["path"]].reset_index()
    _remember(memory, result)
    return result


def readable(samples: pd.DataFrame, findings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split samples into those that can be read and those that cannot, with their `fault`; say how many."""
    faults = samples.merge(findings[["path", "fault"]], on="path", how="left")["fault"].to_numpy()
    good = samples[faults == ""].reset_index(drop=True)
    bad = samples.assign(fault=faults)[faults != ""].reset_index(drop=True)
    odd = findings[findings["notes"] != ""]
    if len(odd):
        log.info("%d photos are converted on opening (kfood data check lists them).", len(odd))
    for path, fault in bad[["path", "fault"]].head(5).itertuples(index=False):
        log.warning("Left out, cannot be read: %s (%s)", path, fault)
    if len(bad) > 5:
        log.warning("… and %d more: %d photos are left out in all.", len(bad) - 5, len(bad))
    return good, bad


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return path, -1, -1
    return path, status.st_size, status.st_mtime_ns


def _memory(root: Path) -> Path:
    name = hashlib.sha256(str(root.expanduser().resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "checks" / f"{name}.csv"


def _remembered(memory: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(memory, encoding="utf-8-sig", usecols=COLUMNS, dtype=_TYPES, keep_default_na=False)
        return table.drop_duplicates(_KEY)
    except (OSError, ValueError):  # none yet, or damaged: the photos are opened again
        return pd.DataFrame(columns=COLUMNS).astype(_TYPES)


def _remember(memory: Path, findings: pd.DataFrame) -> None:
    """Keep what was found, also of photos under the same root that were not asked about this time."""
    others = _remembered(memory)
    others = others[~others["path"].isin(findings["path"])]
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_csv(memory, pd.concat([others, findings[findings["bytes"] >= 0]]))
    except OSError as error:  # a full disk or a read-only home costs a second look, not the training
        log.warning("What was found in the photos cannot be remembered: %s", error)
