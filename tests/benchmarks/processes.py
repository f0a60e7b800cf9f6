"""What shows in a process of its own only: how long it takes to start, and how much memory it needs at most.

usage: python tests/benchmarks/processes.py [--repetitions 5]

Start-up is from the start of the process to its first training batch, the photos decoded before, beside a process that
only imports fastai. Memory is that of one epoch, loading processes included in the time but not in the memory.
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

FASTAI = "from fastai.vision.all import *; import os; os._exit(0)"  # as the next ends: taking down costs time, too
FIRST_BATCH = """
import os, sys
from kfood.cli.main import _leave_imports_uncollected, main
_leave_imports_uncollected()  # as main does at once
import fastai.learner
fastai.learner.Learner.one_batch = lambda *_: os._exit(0)
sys.argv = ["kfood", "train", "mission1", "--data", {folder!r}, "--runs", {runs!r}, *{settings!r}]
main()
"""
EPOCH = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import contenders as by
from kfood.system.memory import keep_freed_memory
case = (Path({folder!r}), {arch!r}, {size}, {batch})
{work}()
"""
SETTINGS = ["--set", "model.arch=resnet18", "--set", "data.size=64", "--set", "training.batch_size=16"]


DRAW = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import contenders as by
by.draw_photos(Path({folder!r}), {count}, 640, 640)
"""


def draw(folder: Path, count: int) -> None:
    """In a process of its own: this one must stay small, because its memory counts as that of its children."""
    code = DRAW.format(here=str(Path(__file__).parent), folder=str(folder), count=count)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def seconds_of(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def in_turns(commands: dict[str, tuple[object, ...]], repetitions: int) -> dict[str, float]:
    """Print the median seconds of each command and their range; return those of a first turn, which is to warm up."""
    turns = [
        {name: seconds_of(*map(str, command)) for name, command in commands.items()} for _ in range(repetitions + 1)
    ]
    for name in commands:
        seconds = [turn[name] for turn in turns[1:]]
        print(f"  {name:34} {statistics.median(seconds):6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    return turns[0]


def peak_of(code: str) -> float:
    """Return the most memory that a Python process held, in MB."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"It ended with {status}: {code}")
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def start_up(place: Path, repetitions: int) -> None:
    draw(place / "photos", 64)
    train = FIRST_BATCH.format(folder=str(place / "photos"), runs=str(place / "runs"), settings=SETTINGS)
    commands = {
        "python, nothing imported": (sys.executable, "-c", "pass"),
        "kfood --help": (str(Path(sys.executable).with_name("kfood")), "--help"),
        "from fastai.vision.all import *": (sys.executable, "-c", FASTAI),
        "kfood train, to its first batch": (sys.executable, "-c", train),
    }
    print("start-up:")
    in_turns(commands, repetitions)


def memory(place: Path, arch: str, size: int, batch: int) -> None:
    works = {
        "plain fastai": "by.fits(by.fastai_learner(*case), by.as_torch_comes)",
        "plain torch loop": "by.plain_loop(*case)",
        "kfood": "by.fits(by.kfood_learner(*case), keep_freed_memory)",
    }
    print(f"memory at most, an epoch of {arch}, {size} px, batch {batch}:")
    for name, work in works.items():
        code = EPOCH.format(
            here=str(Path(__file__).parent),
            folder=str(place / "many"),
            arch=arch,
            size=size,
            batch=batch,
            work=work,
        )
        print(f"  {name:34} {peak_of(code):6.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        os.environ["KFOOD_CACHE"] = f"{place}/cache"
        start_up(place, asked.repetitions)
        draw(place / "many", 160)
        memory(place, "resnet18", 128, 64)
        memory(place, "tf_efficientnet_lite0", 192, 32)


if __name__ == "__main__":
    main()
