"""How far a study is, what it takes on this machine, and what the greedy way through it came to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from kfood.study.plan import Way, winner
from kfood.study.session import Progress, Session
from kfood.study.trainings import with_starts
from kfood.system.progress import duration, track


def status_table(now: Progress) -> pd.DataFrame:
    """Return a row a table: how many of its trainings are done, running, failed and waiting, and what is at work."""
    rows = []
    for planned in now.tables:
        keys = planned.trainings()
        count = {
            "done": sum(key in now.outcomes for key in keys),
            "running": sum(key in keys for key in now.running),
            "failed": sum(key in now.failed for key in keys) + sum(bool(row.fault) for row in planned.rows),
        }
        workers = ", ".join(sorted({now.states[key].who for key in now.running if key in keys}))
        waiting = len(keys) - sum(key in now.outcomes or key in now.failed for key in keys) - count["running"]
        rows.append({"table": planned.table.name, **count, "waiting": waiting, "at work": workers})
    return pd.DataFrame(rows, columns=["table", "done", "running", "failed", "waiting", "at work"])


def study_cost(session: Session) -> pd.DataFrame:
    """Return a row a table: its rows, trainings, their epochs, photos seen in these (millions), and hours.

    Trainings that several tables share, and those that others start from, count once, in the first table that needs
    them. Hours are at most: early stopping may end a training before. Each network is measured for some seconds.
    """
    from kfood.training.time_plan import Rates  # a look at a study imports no network

    now = session.progress()
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


def greedy_in_words(session: Session) -> str:
    """Return what going greedily through the session's tables chose, reached and took, as far as it was trained.

    Accuracies are means over seeds, of the last table's winner: with what the tables before it carried on. Time is of
    all its trainings, each counted once.
    """
    now = replace(session, way=Way.greedy).progress()
    winners = {planned.table.name: winner(planned, now.outcomes) for planned in now.tables}
    chosen = {table: row for table, row in winners.items() if row}
    if now.open or len(chosen) < len(session.tables):
        return "The greedy way through these tables has not been trained whole: kfood study run with --greedy does it."
    last = [now.outcomes[one.key] for one in list(chosen.values())[-1].trainings]
    done = [now.outcomes[key] for key in now.trainings if key in now.outcomes]
    words = ", ".join(f"{table} {row.row.name}" for table, row in chosen.items())
    valid, test = (np.mean([getattr(one, split).accuracy for one in last]) for split in ("valid", "test"))
    took = duration(sum(one.seconds for one in done))
    return f"The greedy way: {words}; validation {valid:.4f}, test {test:.4f}; {len(done)} trainings, {took}."
