"""What leaves kfood: whether it answers as the run does, on the run's photos and on odd files, and how long it takes.

usage: python tests/benchmarks/export.py RUN ... [--repetitions 7] [--precision int8]

Each run (its folder) is exported, which compares all its validation and test photos. Then predict.py answers one file
of each odd kind, and a photo of the run in a process of its own, from its start to its end; beside it, Python that
imports nothing, and Python that imports fastai.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from processes import FASTAI, in_turns

sys.path.insert(0, str(Path(__file__).parents[1]))
from kfood.exported.predict import Model
from kfood.exporting.comparison import Answers, answers_of_run, compare
from kfood.exporting.folder import PRECISIONS, export_run
from kfood.run.folder import Run
from kfood.system import logs
from support.odd_photos import draw_odd_photos


def answers_of_script(folder: Path, paths: list[str]) -> Answers:
    """Return what predict.py prints of its three likeliest dishes; the others have what is left, in equal parts."""
    classes = Model(folder / "model.onnx").classes
    started = time.perf_counter()
    command = [sys.executable, str(folder / "predict.py"), *paths]
    printed = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    seconds = time.perf_counter() - started
    rows = []
    for line in printed.splitlines():
        words = line.split("\t")
        said = dict(zip(words[1::2], map(float, words[2::2]), strict=True))
        left = (1 - sum(said.values())) / max(1, len(classes) - len(said))
        rows.append([said.get(name, left) for name in classes])
    return Answers(np.array(rows), seconds / len(paths))


def best_three(answers: Answers, of: Answers) -> Answers:
    """Return the probabilities that `of` prints, the others in equal parts, too."""
    shown = answers.probabilities.copy()
    for row, printed in zip(shown, of.probabilities, strict=True):
        rest = np.argsort(-printed, kind="stable")[3:]
        row[rest] = row[rest].mean() if len(rest) else 0
    return Answers(shown, answers.seconds)


def odd_files(run: Run, folder: Path, place: Path) -> None:
    paths = [str(path) for path in draw_odd_photos(place / "odd")]
    rows = pd.DataFrame({"path": paths, "area": "", "label": Model(folder / "model.onnx").classes[0]})
    said, expected = answers_of_script(folder, paths), answers_of_run(run, rows)
    found = compare(best_three(expected, said), said, paths)
    print(
        f"odd files, predict.py: {len(found.changed)} of {found.photos} first answers differ; largest difference "
        f"{found.largest:.5f} (of four digits printed), {Path(found.at).name}"
    )


def cold(folder: Path, photo: str, repetitions: int) -> None:
    commands = {
        "python, nothing imported": (sys.executable, "-c", "pass"),
        "predict.py PHOTO": (sys.executable, str(folder / "predict.py"), photo),
        "from fastai.vision.all import *": (sys.executable, "-c", FASTAI),
    }
    in_turns(commands, repetitions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", type=Path)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0])
    asked = parser.parse_args()
    for folder in asked.runs:
        run = Run(folder)
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            print(f"{run.name}: {run.recipe.model.arch}, {run.recipe.data.size} pixels")
            with logs.shown():
                exported = export_run(run, place / "out", asked.precision)
            odd_files(run, exported, place)
            cold(exported, run.samples["path"].iloc[0], asked.repetitions)


if __name__ == "__main__":
    main()
