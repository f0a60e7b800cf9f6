"""Decisions about single photos (fixes.csv), applied to samples.

Nobody's test set changes unseen: a test photo stays a test photo under the label that the data gives, and what was
decided about it is only noted, for a second result beside the first. Nor does any photo change its split because of a
label: the split is drawn by the labels that the data gives. Only groups are known before.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from kfood.data.connected_components import connected_components
from kfood.data.fixes_file import COLUMNS, DROP, GROUP, RELABEL, read_fixes
from kfood.errors import DataError
from kfood.text import did_you_mean, listed, shortened

log = logging.getLogger(__name__)
FIX = "fix"  # the column of samples that notes what was decided: "drop", "relabel:<class>" or nothing
_NEW_LABEL = f"{RELABEL}:"
_NAMED = 5


class Fixed(NamedTuple):
    """Samples with fixes applied: those that stay, those that were dropped (with `fault`), and the fixes themselves."""

    samples: pd.DataFrame
    dropped: pd.DataFrame
    fixes: pd.DataFrame


def find_fixes(path: str, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions about these photos, as `read_fixes` does; none where `path` is ''.

    Photos that are no longer there are named and passed over.

    Args:
        path: of fixes.csv.
        samples: with `digest` and `label`, before classes are chosen.

    Raises:
        DataError: as `read_fixes`, or a photo is to become of a class that the data does not have.
    """
    if not path:
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    fixes = read_fixes(Path(path))
    there = fixes["digest"].isin(samples["digest"])
    if not there.all():
        _say_gone(path, fixes[~there], len(fixes))
    fixes = fixes[there]
    classes = sorted(samples["label"].unique())
    unknown = fixes.loc[(fixes["action"] == RELABEL) & ~fixes["value"].isin(classes), "value"]
    if len(unknown):
        name = shortened(unknown.iloc[0])
        raise DataError(
            f'{path}, line {unknown.index[0]}: the data has no class "{name}".{did_you_mean(name, classes)} It has '
            f"{listed(classes, 20)}; a new class begins with a folder of photos."
        )
    return fixes


def _say_gone(path: str, gone: pd.DataFrame, lines: int) -> None:
    named = [
        f"line {line}" + (f" ({row['path']})" if row["path"] else "") for line, row in gone.head(_NAMED).iterrows()
    ]
    log.warning(
        "%s: %d of %d lines are about photos that are not here or cannot be read, and are passed over: %s%s.",
        path,
        len(gone),
        lines,
        ", ".join(named),
        f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else "",
    )


def join_groups(samples: pd.DataFrame, fixes: pd.DataFrame) -> pd.DataFrame:
    """Put photos into one `group` that are to be kept together, with all photos of the groups that they are in.

    A group is never divided: shots of one plate would come into two splits. The joined one has the first, by the
    alphabet, of the names that the fixes give its photos.
    """
    wanted = fixes.loc[fixes["action"] == GROUP, ["digest", "value"]]
    pairs = samples[["digest", "group"]].merge(wanted, on="digest")
    codes, names = pd.factorize(pd.concat([samples["group"], pairs["group"], pairs["value"]], ignore_index=True))
    of_samples, ends = codes[: len(samples)], codes[len(samples) :].reshape(2, -1).T
    component = connected_components(ends, len(names))
    joined = pd.Series(names[ends[:, 1]]).groupby(component[ends[:, 1]]).min()
    own = samples["group"].to_numpy()
    name = pd.Series(component[of_samples]).map(joined)
    return samples.assign(group=np.where(name.notna(), name, own))


def apply_fixes(samples: pd.DataFrame, fixes: pd.DataFrame) -> Fixed:
    """Drop and relabel training and validation photos; note in `fix` what was decided, of test photos too.

    Args:
        samples: with `digest`, `label` and `split`, all of them filled.
        fixes: as `find_fixes` returns them.
    """
    if fixes.empty:
        return Fixed(samples, samples.head(0).assign(fault=""), fixes)
    decided = fixes[fixes["action"] != GROUP].reset_index(names="line").set_index("digest")
    action, value = (samples["digest"].map(decided[name].to_dict().get).fillna("") for name in ("action", "value"))
    judged = samples["split"] == "test"
    relabelled = (action == RELABEL) & (value != samples["label"])
    fix = (_NEW_LABEL + value).where(relabelled, "").mask(action == DROP, DROP)
    noted = samples.assign(fix=fix, label=samples["label"].mask(relabelled & ~judged, value))
    dropped = noted[(fix == DROP) & ~judged]
    told = decided.loc[dropped["digest"], ["line", "reason"]].itertuples(index=False)
    faults = [f"dropped by line {line} of the fixes: {reason or 'no reason is given'}" for line, reason in told]
    stays = noted.drop(index=dropped.index).reset_index(drop=True)
    return Fixed(stays, dropped.drop(columns=FIX).assign(fault=faults), fixes)


def describe_fixes(fixed: Fixed) -> str:
    """Return how many photos were changed in what way, and how many of test are only noted."""
    samples = fixed.samples
    if fixed.fixes.empty:
        return "none is about these photos"
    noted, judged = samples[FIX] != "", samples["split"] == "test"
    grouped = samples["digest"].isin(fixed.fixes.loc[fixed.fixes["action"] == GROUP, "digest"]).sum()
    counts = {
        "dropped": len(fixed.dropped),
        "relabelled": int((noted & ~judged).sum()),
        "grouped": int(grouped),
        "of test only noted": int((noted & judged).sum()),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def fixed_labels(samples: pd.DataFrame) -> pd.Series:
    """Return the label that was decided on for each test photo with a decision, by path; '' for one to be dropped."""
    if FIX not in samples:
        return pd.Series(dtype="str")
    fix = samples.set_index("path")[FIX].astype("object").fillna("")
    fix = fix[(samples["split"] == "test").to_numpy() & (fix != "").to_numpy()]
    return fix.str.removeprefix(_NEW_LABEL).where(fix != DROP, "").astype("str")
