"""What was found, as files in a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.data.fixes_file import COLUMNS, GROUP
from kfood.duplicates.cards import duplicate_parts
from kfood.duplicates.search import Duplicates
from kfood.review.decided import decided_fixes
from kfood.review.page import Review, Shares, shares, write_review
from kfood.system.files import write_csv
from kfood.system.os_errors import writing_into


def write_duplicates(found: Duplicates, folder: Path) -> list[Path]:
    """Write everything that was found and return the files; those of an earlier time are replaced.

    duplicates.html shows it. duplicates.csv has a row a pair, leaks.csv a row for each test photo that a run has seen.
    groups.csv can be trained on, and fixes.csv says what to keep together by the photos' contents.

    Args:
        found: what `find_duplicates` returned.
        folder: made where it is not there.

    Raises:
        KfoodError: the folder cannot be written, or a fixes.csv that is there cannot be read or contradicts the fixes
            that were followed; then nothing is written.
    """
    fixes = pd.concat([decided_fixes(folder / "fixes.csv", found.data.fixes), proposed_fixes(found.samples)])
    fixes = fixes.drop_duplicates(["digest", "action", "value"], ignore_index=True)
    tables = {"fixes.csv": fixes, "duplicates.csv": found.findings}
    if found.leaks:
        tables["leaks.csv"] = found.leaks.table
    with writing_into(folder):
        page = write_duplicates_page(found, fixes, folder)
        for name, table in tables.items():
            write_csv(folder / name, table)
        return [page, *(folder / name for name in tables), *write_groups(found.samples, folder)]


def write_duplicates_page(found: Duplicates, fixes: pd.DataFrame, folder: Path) -> Path:
    """Write duplicates.html into `folder` and return it; see `write_review`.

    Args:
        found: what `find_duplicates` returned.
        fixes: what is decided and proposed so far.
        folder: must be there.
    """
    left_out = f"; left out, as they cannot be read: {len(found.left_out):,}" if len(found.left_out) else ""
    review = Review(
        command="kfood data duplicates",
        title="Photos that are there twice",
        source=found.data.root,
        about=f"{len(found.samples):,} photos compared{left_out}",
        results=_accuracy(found),
        advice="Photos that show the same are kept in one split unless you say otherwise.",
        parts=duplicate_parts(found),
        nothing="No photo is there twice.",
    )
    return write_review(review, fixes, found.samples["label"].unique(), folder / "duplicates.html")


def _accuracy(found: Duplicates) -> list[Shares]:
    if not (found.leaks and found.run):
        return []
    table = found.leaks.accuracy[found.leaks.accuracy["n"] > 0]
    rows = table.rename(columns={"photos": "name", "accuracy": "share"}).assign(note="")
    hint = "Seen are the photos that this training, or one that it started from, learned from or was chosen by."
    return [shares(f"What is left of the accuracy of {found.run.name}", "accuracy", rows, hint)]


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
