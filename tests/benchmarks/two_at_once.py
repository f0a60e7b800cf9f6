"""Two trainings at once beside one alone, with threads that sleep while they wait and with threads that spin.

usage: python tests/benchmarks/two_at_once.py [--repetitions 3] [--epochs 6]

2.0 would be two that do not hinder each other. Times are of whole processes, photos drawn and checked before. All turns
are taken in one run: alone and two at once, sleeping (what kfood does) and spinning (OpenMP's default).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from processes import draw

POLICIES = {"sleeping": {"OMP_WAIT_POLICY": "PASSIVE"}, "spinning": {}}
# kfood sets the policy unless it is set, so that OpenMP's own default can be had only before main().
MAIN = "from kfood.cli import main; main.wait_asleep = lambda: None; main.main()"


def seconds(side_by_side: int, policy: dict[str, str], place: Path, arguments: list[str]) -> float:
    """Return how long trainings take that are started together, until the last has ended."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"} | policy
    started = time.perf_counter()
    trainings = [
        subprocess.Popen(
            [sys.executable, "-c", MAIN, "train", "mission1", "--runs", str(place / f"runs{number}"), *arguments],
            env=environment | {"KFOOD_CACHE": str(place / "cache")},
            stdout=subprocess.DEVNULL,
        )
        for number in range(side_by_side)
    ]
    if any(training.wait() for training in trainings):
        raise SystemExit("a training failed")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--arch", default="resnet18")
    asked = parser.parse_args()
    sets = {"model.arch": asked.arch, "data.size": 64, "training.batch_size": 32, "training.epochs": asked.epochs}
    arguments = [each for name, value in sets.items() for each in ("--set", f"{name}={value}")]
    taken: dict[tuple[str, int], list[float]] = {(policy, n): [] for policy in POLICIES for n in (1, 2)}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        draw(place / "photos", 480)
        arguments += ["--data", str(place / "photos")]
        seconds(1, {}, place, arguments)  # fills the caches
        for _ in range(asked.repetitions):
            for (policy, side_by_side), times in taken.items():
                times.append(seconds(side_by_side, POLICIES[policy], place, arguments))
    for policy in POLICIES:
        alone, both = taken[policy, 1], taken[policy, 2]
        ratios = [two / one for one, two in zip(alone, both, strict=True)]
        print(
            f"{policy}: alone {statistics.median(alone):.1f} s ({min(alone):.1f} to {max(alone):.1f}), "
            f"two at once {statistics.median(both):.1f} s ({min(both):.1f} to {max(both):.1f}), "
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
