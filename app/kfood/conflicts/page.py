"""One HTML file that shows what was found as photos side by side; it needs no other file and no network."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pandas as pd

from kfood.conflicts.cards import Part, parts_of
from kfood.conflicts.search import Conflicts
from kfood.files import write_text
from kfood.report.curves import Scale
from kfood.report.render import render
from kfood.report.results import BAR_WIDTH
from kfood.report.table_view import percent
from kfood.report.thumbnails import Thumbnails, make_thumbnails


def write_page(found: Conflicts, fixes: pd.DataFrame, folder: Path) -> Path:
    """Write conflicts.html into `folder` and return it.

    A person decides on the page what to drop or relabel, and takes fixes.csv from it.

    Args:
        found: what `find_conflicts` returned.
        fixes: what is decided and proposed so far, as `merged_fixes` returns it.
        folder: must be there.
    """
    parts = parts_of(found)
    thumbnails = _thumbnails(parts)
    context = {
        "source": found.data.root,
        "photos": len(found.samples),
        "left_out": len(found.left_out),
        "without_picture": len(thumbnails.left_out),
        "parts": parts,
        "pictures": {path: base64.b64encode(image).decode() for path, image in thumbnails.images.items()},
        "decisions": {
            "head": list(fixes),
            "rows": fixes.to_numpy().tolist(),
            "classes": sorted(found.samples["label"].unique()),
        },
        "run": found.run,
        "accuracy": _accuracy(found),
        "bar_width": BAR_WIDTH,
    }
    styles, script = ("page.css", "conflicts.css"), "decisions.js"
    page = folder / "conflicts.html"
    write_text(page, render(context, "conflicts.html.j2", "kfood.conflicts", styles, script))
    return page


def _thumbnails(parts: list[Part]) -> Thumbnails:
    """Make small pictures of all photos that are shown; where there is no room, the last of the page have none."""
    paths = [side.path for part in parts for card in part.cards for side in card.sides]
    photos = pd.DataFrame({"path": list(dict.fromkeys(paths)), "area": ""})
    return make_thumbnails(photos.assign(loss=-photos.index.to_numpy(float)))


def _accuracy(found: Conflicts) -> list[dict[str, Any]]:
    """Return the accuracies of the run as texts, with their intervals drawn on one scale."""
    if not found.leaks:
        return []
    table = found.leaks.accuracy[found.leaks.accuracy["n"] > 0]
    scale = Scale(max(0.0, table["low"].min() - 0.01), min(1.0, table["high"].max() + 0.01), 4, BAR_WIDTH - 4)
    return [
        {
            "photos": row.photos,
            "n": f"{row.n:,}",
            "accuracy": percent(row.accuracy),
            "interval": f"{percent(row.low)} to {percent(row.high)}",
            "bar": (scale(row.low), scale(row.accuracy), scale(row.high)),
        }
        for row in table.itertuples()
    ]
