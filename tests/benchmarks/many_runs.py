"""How long it takes to list runs, and to find the latest, where there are many.

usage: python tests/benchmarks/many_runs.py [--runs 2000] [--repetitions 3]

The runs are copies of one that was written by hand. Times are of whole processes; beside them stands the same for ten
runs: what is left of it is what it takes to start.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kfood.cli.render import print_rows
from kfood.run.find import all_runs, find_run
from kfood.run.folder import RUNNING, Run
from kfood.run.tables import run_list
from support.fake_run import fake_run

CLASSES = [f"dish {number}" for number in range(13)]


def make_runs(place: Path, count: int, status: str | None = None) -> Path:
    """Write runs of three recipes, a minute apart: done, or with a status that a killed process left."""
    runs = place / f"{count} {status or 'done'}"
    one = fake_run(runs / "mission1" / "20260101-000000-0000", place / "photos", CLASSES, draw=False)
    for number in range(1, count):
        day, minutes = divmod(number, 24 * 60)
        name = f"202601{1 + day:02}-{minutes // 60:02}{minutes % 60:02}00-{number:04x}"
        shutil.copytree(one.folder, runs / f"mission{1 + number % 3}" / name)
    for run in all_runs(runs) if status else ():
        run.status_file.write_text(status)
        run.lock_file.touch()
    return runs


def seconds_of(*command: object) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "kfood", *map(str, command)], check=True, capture_output=True)
    return time.perf_counter() - started


def commands(many: Path, few: Path, repetitions: int) -> None:
    print(f"{'command':32} {'many':>8} {'ten':>8}   (median seconds of {repetitions})")
    for words in (("runs", "ls"), ("interpret", "--top-losses")):
        medians = [
            statistics.median(seconds_of(*words, "--runs", runs) for _ in range(repetitions)) for runs in (many, few)
        ]
        print(f"{'kfood ' + ' '.join(words):32} {medians[0]:8.2f} {medians[1]:8.2f}")


def steps(many: Path, killed: Path) -> None:
    """Where the time of a list goes."""
    found: list[Run] = all_runs(many)
    works = {
        "finding the folders": lambda: all_runs(many),
        "status, all done": lambda: [run.status for run in found],
        "status, all killed": lambda: [run.status for run in all_runs(killed)],
        "the whole table": lambda: run_list([Run(run.folder) for run in found]),
        "printing it": lambda: print_rows("", table, "{:.4f}"),
        "finding the latest": lambda: find_run(None, many),
    }
    table = run_list(found)
    for name, work in works.items():
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            work()
        print(f"  {name:30} {time.perf_counter() - started:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        os.environ["KFOOD_CACHE"] = f"{place}/cache"
        many = make_runs(place, asked.runs)
        commands(many, make_runs(place, 10), asked.repetitions)
        steps(many, make_runs(place, asked.runs, RUNNING))


if __name__ == "__main__":
    main()
