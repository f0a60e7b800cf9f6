"""What was found as files that kfood reads again: groups for the splitter, and fixes by photo."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.data.fixes_file import COLUMNS, GROUP
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
