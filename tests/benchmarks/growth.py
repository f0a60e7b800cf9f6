"""What benchmarks of growth share: seconds of computing, memory, and a process for each size."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd

Row = dict[str, float]


@contextmanager
def timed(row: Row, name: str) -> Iterator[None]:
    """Note seconds of computing, over all cores: other work beside it counts less than on the clock."""
    started = time.process_time()
    yield
    row[name] = time.process_time() - started


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def print_growth(measure: Callable[[int], Row], about: str | None) -> None:
    """Print a row for each number of photos that the command line asks for, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    asked = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows = list(pool.imap(measure, asked.photos))
    print(pd.DataFrame(rows).round(1).to_string(index=False))
