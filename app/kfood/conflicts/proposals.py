"""What was found as files that kfood reads again: groups for the splitter, and fixes by photo."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.conflicts.findings import OWN_GROUP
from kfood.data.fixes_file import COLUMNS, GROUP, on_labels, read_fixes
from kfood.errors import KfoodError
from kfood.files import write_csv


def write_groups(samples: pd.DataFrame, folder: Path) -> list[Path]:
    """Write each data set as a CSV that can be trained on: the splitter keeps photos of one group in one split.

    Args:
        samples: with `path`, `label`, `given`, `subset` and `together`.
        folder: groups.csv goes there; groups-<data set>.csv where there are several.
    """
    files = []
    for subset, part in samples.groupby("subset"):
        table = part[["path", "label"]].assign(split=part["given"], group=part["together"])
        if (table["split"] == "").all():
            table = table.drop(columns="split")
        files.append(folder / (f"groups-{subset}.csv" if subset else "groups.csv"))
        write_csv(files[-1], table)
    return files


def merged_fixes(samples: pd.DataFrame, file: Path, followed: str = "") -> pd.DataFrame:
    """Return `proposed_fixes` with all that a person decided (see `read_fixes`).

    Args:
        samples: with `path`, `digest` and `together`.
        file: that they are for. Where it is there already, what a person decided in it stays, and what was proposed
            earlier is left out.
        followed: the fixes that the samples have, which stay too; '' for none.

    Raises:
        KfoodError: either cannot be read as fixes, or they contradict each other.
    """
    tables = [proposed_fixes(samples)]
    if file.exists() and str(file.absolute()) != followed:
        there = read_fixes(file)
        tables.insert(0, there[~((there["action"] == GROUP) & there["value"].str.startswith(OWN_GROUP))])
    if followed:
        tables.insert(0, read_fixes(Path(followed)))
    fixes = pd.concat(tables).drop_duplicates(["digest", "action", "value"], ignore_index=True)
    decided = on_labels(fixes)
    if (twice := decided["digest"].duplicated()).any():
        photo = decided.loc[twice.idxmax()]
        raise KfoodError(
            f"{file} and {followed} decide differently about {photo['path'] or photo['digest']}: let them say the "
            "same, or name another folder with --out."
        )
    return fixes


def proposed_fixes(samples: pd.DataFrame) -> pd.DataFrame:
    """Return a line of fixes for each photo that is to be kept with others.

    Args:
        samples: with `path`, `digest` and `together`.
    """
    together = samples[samples["together"] != ""].sort_values(["together", "path"], kind="stable")
    others = together.groupby("together")["path"].transform("size") - 1
    reasons = [f"shows the same as {n} other photo{'s' if n > 1 else ''}" for n in others]
    table = together[["digest", "path"]].assign(action=GROUP, value=together["together"], reason=reasons)
    return table[list(COLUMNS)].drop_duplicates("digest", ignore_index=True)
