"""All photos of a folder or CSV: which of them are there twice, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import pandas as pd

from kfood.data.check import check_photos, readable
from kfood.data.prepare import data_folder, find_samples, split_and_fix
from kfood.duplicates.findings import describe, group_names, unreported
from kfood.duplicates.leaks import Leaks, leaks
from kfood.duplicates.matching import find_pairs
from kfood.errors import KfoodError
from kfood.recipes.schema import Data
from kfood.run.folder import Run


@dataclass(frozen=True)
class Duplicates:
    """What was found.

    Args:
        data: which photos were looked at.
        samples: all photos that can be read, with `path`, `label`, `split`, `given` (the split, where the layout says
            it), `subset` (the data set, '' where there is but one), `digest`, and `together`, the name of the group
            that is proposed for the photo, or ''.
        findings: pairs, as `describe` returns them.
        left_out: photos that cannot be read, with `fault`.
        run, leaks: a run and what its test photos have in common with what it has seen; None where none was asked for.
    """

    data: Data
    samples: pd.DataFrame
    findings: pd.DataFrame
    left_out: pd.DataFrame
    run: Run | None = None
    leaks: Leaks | None = None


def find_duplicates(data: Data, run: Run | None = None) -> Duplicates:
    """Look for photos that are there twice: in a class, under two labels, in two splits, in both data sets.

    Args:
        data: which photos, how they are split, and what was fixed already. Of the camp's folders, both data sets are
            looked at.
        run: a finished run, if its test photos are to be compared with what it has seen.

    Raises:
        KfoodError: there are no photos, fixes cannot be followed, or the run has no test photos.
    """
    leaked = leaks(run) if run else None
    samples, left_out = _samples(data)
    pairs = unreported(samples, find_pairs(samples, run))
    samples["together"] = group_names(samples, pairs)
    alone = samples.groupby(["subset", "together"])["path"].transform("size") < 2
    samples.loc[alone, "together"] = ""  # it is the other data set that has the other photo
    return Duplicates(data, samples, describe(samples, pairs), left_out, run, leaked)


def _samples(data: Data) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the photos that can be read, of all data sets, and those that cannot."""
    root = data_folder(data)
    camp = [name for name in get_args(Data.model_fields["subset"].annotation) if (root / f"{name}_train").is_dir()]
    parts = []
    for name in camp or [data.subset]:
        of_one = data.model_copy(update={"subset": name})
        found = find_samples(of_one).samples.assign(area="", subset=name if camp else "")
        good, bad = readable(found, check_photos(found, root))
        parts.append((split_and_fix(good.assign(given=good["split"]), of_one).samples, bad))
    samples, left_out = (pd.concat(part, ignore_index=True) for part in zip(*parts, strict=True))
    if samples.empty:
        raise KfoodError(f"None of the {len(left_out)} photos in {root} can be read. See kfood data check.")
    return samples, left_out
