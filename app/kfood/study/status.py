"""How far a study is, table by table."""

from __future__ import annotations

import pandas as pd

from kfood.study.session import Standing


def status_table(now: Standing) -> pd.DataFrame:
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
