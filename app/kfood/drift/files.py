"""What was found of new photos, as a page and tables in a folder."""

from __future__ import annotations

import base64
from dataclasses import replace
from os.path import basename
from pathlib import Path
from typing import Any

import pandas as pd

from kfood.drift.search import Drift
from kfood.drift.sentences import sentences
from kfood.reporting.render import render
from kfood.reporting.table_view import TableView, number_text, percent, view_table
from kfood.reporting.thumbnails import make_thumbnails
from kfood.system.files import write_csv, write_json, write_text
from kfood.system.os_errors import writing_into

_SHOWN = 60  # photos


def write_drift(found: Drift, folder: Path) -> list[Path]:
    """Write everything that was found and return the files; those of an earlier time are replaced.

    drift.html shows it; drift.json has the numbers of the tests, photos.csv a row a new photo, the most unlike first,
    classes.csv and facts.csv the tables of `kfood.drift.compare.Difference`, powers.csv what the test would find.

    Args:
        found: what `find_drift` returned.
        folder: made where it is not there.

    Raises:
        KfoodError: the folder cannot be written.
    """
    difference = found.difference
    tables = {
        "photos.csv": difference.photos,
        "classes.csv": difference.classes,
        "facts.csv": difference.facts,
        "powers.csv": found.powers,
    }
    files = [folder / name for name in ("drift.html", "drift.json", *tables)]
    with writing_into(folder):
        write_text(files[0], _page(found))
        write_json(files[1], _numbers(found))
        for name, table in tables.items():
            write_csv(folder / name, table)
    return files


def _numbers(found: Drift) -> dict[str, Any]:
    return {
        "run": found.run.name,
        "folder": str(found.folder),
        "before": found.before,
        "new": found.new,
        "photos": found.photos,
        "left out as photos of the run": found.known,
        "unreadable": len(found.unreadable),
        "p": found.difference.p,
        "p of same dishes": found.difference.p_of_same_dishes,
        "power": dict(zip(found.powers["difference"], found.powers["power"], strict=True)),
    }


def facts_view(facts: pd.DataFrame) -> TableView:
    """Return the facts as the page shows them: each row has a unit of its own, and so as many digits as it needs."""
    texts = {
        name: [number_text(value, 0 if abs(value) >= 100 else 3) for value in facts[name]] for name in ("before", "new")
    }
    view = view_table("Plain facts", facts.assign(**texts))
    return replace(view, numeric=[name != "fact" for name in view.columns])


def _page(found: Drift) -> str:
    difference = found.difference
    shown = difference.photos.head(_SHOWN)
    paths = list(dict.fromkeys([*shown["path"], *shown["nearest"]]))
    photos = pd.DataFrame({"path": paths, "area": ""}).assign(loss=range(len(paths), 0, -1))
    thumbnails = make_thumbnails(photos)
    context = {
        "folder": found.folder,
        "run": found.run.name,
        "sentences": sentences(found),
        "tables": [
            facts_view(difference.facts),
            view_table("Dishes that photos are taken for", difference.classes),
            view_table("What the test would find", found.powers),
        ],
        "cards": [
            {
                "words": f"{percent(row['as_far'])} of known photos are as far from the others",
                "sides": [
                    {"path": row["path"], "name": basename(row["path"]), "note": f"taken for {row['predicted']}"},
                    {"path": row["nearest"], "name": basename(row["nearest"]), "note": "the most like it of the run's"},
                ],
            }
            for row in shown.to_dict("records")
        ],
        "total": len(difference.photos),
        "pictures": {path: base64.b64encode(image).decode() for path, image in thumbnails.images.items()},
    }
    return render(context, "drift.html.j2", "kfood.drift")
