"""What a folder of photos holds, before anything is trained on it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kfood.data.check import check_photos, readable
from kfood.data.copies import say_copies
from kfood.data.fixes import describe_fixes
from kfood.data.prepare import data_folder, find_samples, split_and_fix
from kfood.data.split import counts_by_split
from kfood.data.tree import NOT_A_PHOTO, LeftOut
from kfood.recipes.schema import Data


@dataclass(frozen=True)
class Survey:
    """Tables for a person, and the verdict in a sentence."""

    counts: pd.DataFrame  # class by split
    kinds: pd.DataFrame  # format and mode
    odd: pd.DataFrame  # what is converted on opening
    faults: pd.DataFrame  # what cannot be read, and what fixes drop
    left_out: pd.DataFrame  # all other files below the folder, and why they are none of the photos
    verdict: str


def survey(data: Data) -> Survey:
    """Open every photo (or remember what was found) and count, with the fixes of the data applied.

    Raises:
        DataError: there are no photos there, or fixes cannot be followed.
    """
    layout = find_samples(data)
    findings = check_photos(layout.samples, data_folder(data))
    good, bad = readable(layout.samples, findings)
    fixed = split_and_fix(good, data)
    say_copies(fixed.samples)
    sizes = findings[findings["fault"] == ""]
    kinds = sizes.groupby(["format", "mode"], as_index=False).agg(
        photos=("path", "size"),
        smallest=("width", "min"),
        largest=("width", "max"),
    )
    plates = fixed.samples["group"].nunique()
    verdict = f"{len(good)} of {len(findings)} photos can be read, of {plates} groups (shots of one plate are one)."
    if data.fixes:
        verdict += f" Fixes by {data.fixes}: {describe_fixes(fixed)}."
    return Survey(
        counts=_counts(fixed.samples),
        kinds=kinds.rename(columns={"smallest": "narrowest (px)", "largest": "widest (px)"}),
        odd=sizes.loc[sizes["notes"] != "", ["path", "notes"]],
        faults=pd.concat([bad, fixed.dropped])[["path", "fault"]],
        left_out=_left_out(layout.left_out),
        verdict=verdict,
    )


def _left_out(files: list[LeftOut]) -> pd.DataFrame:
    rows = [(one.path, one.files, one.why) for one in files]
    table = pd.DataFrame(rows, columns=["path", "files", "why"]).sort_values("files", ascending=False, kind="stable")
    return table.sort_values("why", key=lambda why: why == NOT_A_PHOTO, kind="stable", ignore_index=True)


def _counts(split: pd.DataFrame) -> pd.DataFrame:
    counts = counts_by_split(split)
    counts = counts.assign(all=counts.sum(axis=1))
    counts = pd.concat([counts, counts.sum().to_frame("all").T])  # below: there may be a class of that name
    return counts.reset_index(names="class").rename_axis(columns=None)
