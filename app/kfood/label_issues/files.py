"""What was found, as files in a folder."""

from __future__ import annotations

from pathlib import Path

from kfood.data.fixes_file import on_labels
from kfood.label_issues.page import write_issues_page
from kfood.label_issues.ranking import proposed_relabels
from kfood.label_issues.search import LabelIssues
from kfood.review.decided import decided_fixes
from kfood.system.files import write_csv
from kfood.system.os_errors import writing_into


def write_label_issues(found: LabelIssues, folder: Path) -> list[Path]:
    """Write everything that was found and return the files; those of an earlier time are replaced.

    label-issues.html shows it, label-issues.csv has a row a photo, and proposals.csv, of the form of fixes.csv,
    relabels all label issues that are not decided on. A fixes.csv that is there is never written to.

    Args:
        found: what `find_label_issues` returned.
        folder: made where it is not there.

    Raises:
        KfoodError: the folder cannot be written, or a fixes.csv that is there cannot be read or contradicts the fixes
            that were followed; then nothing is written.
    """
    decided = decided_fixes(folder / "fixes.csv", found.data.fixes)
    open_ones = found.photos[~found.photos["digest"].isin(on_labels(decided)["digest"])]
    tables = {"label-issues.csv": found.photos, "proposals.csv": proposed_relabels(open_ones)}
    with writing_into(folder):
        page = write_issues_page(found, decided, folder)
        for name, table in tables.items():
            write_csv(folder / name, table)
    return [page, *(folder / name for name in tables)]
