"""Writes the report page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.predictions import of_split
from kfood.interpretation.section import Section
from kfood.reporting.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw_curves
from kfood.reporting.gallery import gallery_data, gallery_photos, thumbnail_data
from kfood.reporting.placeholders import with_placeholders
from kfood.reporting.render import render, write_html
from kfood.reporting.results import BAR_WIDTH, NO_VERDICT, compared, result_rows
from kfood.reporting.settings import environment_groups, recipe_groups, settings_that_differ
from kfood.reporting.table_view import view_table
from kfood.reporting.thumbnails import BUDGET, Thumbnails, make_thumbnails
from kfood.reporting.topics import topics_of
from kfood.run.folder import Run
from kfood.text import did_you_mean

_PAGE_BUDGET = 14_800_000  # bytes: what a mailbox still takes
_BASE64 = 4 / 3


def write_report(
    runs: list[Run], sections: dict[str, list[Section]], out: Path, split: str, photos: bool = True
) -> Path:
    """Write one HTML file that shows the runs, needs no other file and no network; return its path.

    Args:
        runs: finished runs, one or more, each once; the first is what the others are compared with.
        sections: what is said about each run, by its name.
        out: the file, written whole or not at all; an older one is replaced.
        split: "test" or "valid": whose results and photos are shown.
        photos: whether small copies of the photos are in the page.

    Raises:
        KfoodError: a run has no photos in that split, two runs have one name, or the file cannot be written.
    """
    require_reportable(runs, split)
    runs, damage = map(list, zip(*map(with_placeholders, runs), strict=True))
    table = gallery_photos(runs, split)
    context = _context(runs, sections, split) | {"gallery": gallery_data(runs, split, table)}
    context["damage"] = [words for each in damage for words in each]
    page = render(context | _photos_context(table, Thumbnails(), shown=False))
    if photos:
        room = (_PAGE_BUDGET - len(page.encode())) / _BASE64
        thumbnails = make_thumbnails(table, min(BUDGET, max(0, int(room))))
        page = render(context | _photos_context(table, thumbnails, shown=True))
    return write_html(out, page)


def require_reportable(runs: list[Run], split: str) -> None:
    """Check that a page can be made of these runs, before any work goes into it.

    Raises:
        KfoodError: a run has no photos in that split, or two runs have one name.
    """
    names = [run.name for run in runs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise KfoodError(f"{twice} is named twice: name each run once.")
    for run in runs:
        if of_split(run.predictions, split).empty:
            splits = sorted(set(run.predictions["split"]))
            raise KfoodError(f'{run.folder} has no predictions for "{split}".{did_you_mean(split, splits)}')


def _context(runs: list[Run], sections: dict[str, list[Section]], split: str) -> dict[str, Any]:
    comparison = compared(runs)
    differ = settings_that_differ(runs, list(comparison.differences["key"])) if comparison else None
    return {
        "title": runs[0].name if len(runs) == 1 else f"{len(runs)} runs compared",
        "runs": runs,
        "split": split,
        "results": result_rows(runs, split),
        "bar_width": BAR_WIDTH,
        "verdicts": [] if not comparison else comparison.verdicts if split == "test" else [NO_VERDICT],
        "differences": view_table("Settings that differ", differ) if comparison else None,
        "recipe_groups": recipe_groups(runs),
        "environment_groups": environment_groups(runs),
        "curves": draw_curves(runs),
        "frame": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "histories": [view_table("Every epoch", run.history) for run in runs],
        "probed": any((run.history["epoch"] == 0).any() for run in runs),
        "topics": topics_of(runs, sections),
    }


def _photos_context(table: pd.DataFrame, thumbnails: Thumbnails, shown: bool) -> dict[str, Any]:
    return {
        "photos_shown": shown,
        "thumbnails": thumbnail_data(table, thumbnails) if shown else [],
        "missing": len(thumbnails.missing),
        "left_out": len(thumbnails.left_out),
        "total": len(table),
    }
