"""What the greedy way came to and cost: beside it stands what a search found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kfood.progress import duration
from kfood.study.plan import Way, winner
from kfood.study.session import Session


def greedy_in_words(session: Session) -> str:
    """Return what going greedily through the session's tables chose, reached and took, as far as it was trained.

    Accuracies are means over seeds, of the last table's winner: with what the tables before it carried on. Time is of
    all its trainings, each counted once.
    """
    now = replace(session, way=Way.greedy).standing()
    chosen = {planned.table.name: winner(planned, now.outcomes) for planned in now.tables}
    if now.open or len(chosen) < len(session.tables) or None in chosen.values():
        return "The greedy way through these tables has not been trained whole: kfood study run with --greedy does it."
    last = [now.outcomes[one.key] for one in list(chosen.values())[-1].trainings]
    done = [now.outcomes[key] for key in now.trainings if key in now.outcomes]
    words = ", ".join(f"{table} {row.row.name}" for table, row in chosen.items())
    valid, test = (np.mean([getattr(one, split).accuracy for one in last]) for split in ("valid", "test"))
    took = duration(sum(one.seconds for one in done))
    return f"The greedy way: {words}; validation {valid:.4f}, test {test:.4f}; {len(done)} trainings, {took}."
