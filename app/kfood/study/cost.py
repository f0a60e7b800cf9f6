"""What a study takes on this machine, before any of it is trained."""

from __future__ import annotations

import pandas as pd

from kfood.progress import track
from kfood.study.session import Session
from kfood.study.trainings import with_starts
from kfood.training.time_plan import Rates


def study_cost(session: Session) -> pd.DataFrame:
    """Return a row a table: its rows, trainings, their epochs, photos seen in these (millions), and hours.

    Trainings that several tables share, and those that others start from, count once, in the first table that needs
    them. Hours are at most: early stopping may end a training before. Each network is measured for some seconds.
    """
    now = session.standing()
    rates = Rates()
    counted: set[str] = set()
    rows = []
    for planned in track(now.tables, len(now.tables), "measuring"):
        needed = [key for key in with_starts(planned.trainings().values()) if key not in counted]
        counted |= set(needed)
        epochs, photos, hours = 0, 0.0, 0.0
        for key in needed:
            recipe = now.trainings[key].recipe
            samples = session.terms.photos.samples(recipe.data)
            epochs += recipe.training.epochs
            photos += recipe.training.epochs * int((samples["split"] == "train").sum()) / 1e6
            hours += rates.seconds(recipe, samples) / 3600
        name, count = planned.table.name, len(planned.rows)
        made = {"trainings": len(needed), "epochs": epochs, "million photos": photos, "hours": hours}
        rows.append({"table": name, "rows": count, **made})
    return pd.DataFrame(rows)
