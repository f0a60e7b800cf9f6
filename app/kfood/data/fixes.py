"""Decisions about single photos (fixes.csv), applied to samples.

Nobody's test set changes unseen: a test photo stays a test photo under the label that the data gives, and what was
decided about it is only noted, for a second result beside the first. Nor does any photo change its split because of a
label: the split is drawn by the labels that the data gives. Only groups are known before.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from kfood.data.fixes_file import COLUMNS, DROP, GROUP, RELABEL, read_fixes
from kfood.errors import KfoodError, did_you_mean, listed
from kfood.printable import shortened

log = logging.getLogger(__name__)
FIX = "fix"  # the column of samples that notes what was decided: "drop", "relabel:<class>" or nothing
_NEW_LABEL = f"{RELABEL}:"
_NAMED = 5


def find_fixes(path: str, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions about these photos, as `read_fixes` does; none where `path` is ''.

    Photos that are no longer there are named and passed over.

    Args:
        path: of fixes.csv.
        samples: with `digest` and `label`, before classes are chosen.

    Raises:
        KfoodError: as `read_fixes`, or a photo is to become of a class that the data does not have.
    """
    if not path:
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    fixes = read_fixes(Path(path))
    classes = sorted(samples["label"].unique())
    unknown = fixes.loc[(fixes["action"] == RELABEL) & ~fixes["value"].isin(classes), "value"]
    if len(unknown):
        name = shortened(unknown.iloc[0])
        raise KfoodError(
            f'{path}, line {unknown.index[0]}: the data has no class "{name}".{did_you_mean(name, classes)} It has '
            f"{listed(classes, 20)}; a new class begins with a folder of photos."
        )
    there = fixes["digest"].isin(samples["digest"])
    for line, row in fixes[~there].head(_NAMED).iterrows():
        log.warning(
            "%s, line %s: no photo that can be read has this content%s; the line is passed over.",
            path,
            line,
            f" ({row['path']})" if row["path"] else "",
        )
    if (gone := int((~there).sum())) > _NAMED:
        log.warning("… and %d more: %d lines name no photo.", gone - _NAMED, gone)
    return fixes[there]


def join_groups(samples: pd.DataFrame, fixes: pd.DataFrame) -> pd.DataFrame:
    """Put photos into one `group` that are to be kept together, with all photos of the groups that they are in.

    A group is never divided: shots of one plate would come into two splits.
    """
    group = samples["group"].copy()
    for name, members in fixes[fixes["action"] == GROUP].groupby("value")["digest"]:
        joined = {name, *group[samples["digest"].isin(members)]}
        group = group.where(~group.isin(joined), name)
    return samples.assign(group=group)


def apply_fixes(samples: pd.DataFrame, fixes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop and relabel training and validation photos; note in `fix` what was decided, of test photos too.

    Args:
        samples: with `digest`, `label` and `split`, all of them filled.
        fixes: as `find_fixes` returns them.

    Returns:
        The samples that stay, and those that were dropped, with `fault`.
    """
    if fixes.empty:
        return samples, samples.head(0).assign(fault="")
    decided = fixes[fixes["action"] != GROUP].reset_index(names="line").set_index("digest")
    action, value = (samples["digest"].map(decided[name].to_dict().get).fillna("") for name in ("action", "value"))
    relabelled, judged = action == RELABEL, samples["split"] == "test"
    noted = samples.assign(
        fix=action.where(~relabelled, _NEW_LABEL + value), label=samples["label"].where(~relabelled | judged, value)
    )
    dropped = noted[(action == DROP) & ~judged]
    told = decided.loc[dropped["digest"], ["line", "reason"]].itertuples(index=False)
    faults = [f"dropped by line {line} of the fixes: {reason or 'no reason is given'}" for line, reason in told]
    return noted.drop(index=dropped.index).reset_index(drop=True), dropped.drop(columns=FIX).assign(fault=faults)


def in_words(samples: pd.DataFrame, dropped: pd.DataFrame, fixes: pd.DataFrame) -> str:
    """Return how many photos were changed in what way, and how many of test are only noted; both from `apply_fixes`."""
    if fixes.empty:
        return "none is about these photos"
    noted, judged = samples[FIX] != "", samples["split"] == "test"
    grouped = samples["digest"].isin(fixes.loc[fixes["action"] == GROUP, "digest"]).sum()
    counts = {
        "dropped": len(dropped),
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
