"""Runs found again: all of them, the one that a person means, the one to resume."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from kfood.errors import RunError
from kfood.recipes.schema import nfc
from kfood.run.folder import DONE, FAILED, INTERRUPTED, Run
from kfood.text import did_you_mean, listed

log = logging.getLogger(__name__)
EXPORTED = "model.onnx"  # in a folder that `kfood export` has written
_SECOND = len("20261123-145500")  # how a run's folder name begins
_NAMED_BY_TIME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")  # as `new_folder` does


def all_runs(runs: Path, recipe: str | None = None) -> list[Run]:
    """Return all runs below the folder, oldest first; those of one recipe where it is named.

    How old a run is, is what its name says: one that began while the clock was slow counts as that old. A run whose
    folder a person has named is as old as its environment.json says, or its recipe.toml where that has no time.
    """
    named = [folder for folder in runs.glob("*") if recipe is None or nfc(folder.name) == nfc(recipe)]
    found = (file for folder in named for file in folder.glob("*/recipe.toml"))
    return [Run(path.parent) for path in sorted(found, key=_age)]


def _age(recipe_file: Path) -> tuple[str, int, Path]:
    """Sort by when a run began; runs begun in the same second by the time of their first file."""
    name, first = recipe_file.parent.name, recipe_file.stat().st_mtime_ns
    if _NAMED_BY_TIME.fullmatch(name):
        return name[:_SECOND], first, recipe_file
    try:
        noted = json.loads(Run(recipe_file.parent).environment_file.read_text(encoding="utf-8"))["started"]
        began = datetime.fromisoformat(noted)
    except (OSError, ValueError, KeyError, TypeError):  # an old run, or a damaged one
        began = datetime.fromtimestamp(first / 1e9)
    return f"{began:%Y%m%d-%H%M%S}", first, recipe_file


def finished_runs(runs: Path, recipe: str | None = None) -> list[Run]:
    """Return the runs that came to their end, oldest first."""
    return [run for run in all_runs(runs, recipe) if run.status == DONE]


def find_run(name: str | None, runs: Path) -> Run:
    """Return the finished run that a person means.

    Args:
        name: a run folder; `<recipe>/<time>-<id>` or its second half, as `kfood runs ls` shows it; a recipe, for
            its latest finished run; None for the latest finished run of all.
        runs: the folder of all runs.

    Raises:
        RunError: there is none, or it was not finished.
    """
    if name is None or not (Run(name).recipe_file.is_file() or Run(runs / name).recipe_file.is_file()):
        return _find_by_name(name, runs)
    run = Run(name) if Run(name).recipe_file.is_file() else Run(runs / name)
    if run.status != DONE:
        raise RunError(
            f"The run {run.folder} is {run.status}, not done: its log.txt says how far it came, and "
            "kfood train --resume goes on with it."
        )
    return run


def is_exported(path: Path) -> bool:
    """Return whether this is a model that was exported, or the folder that holds one and is no run."""
    if path.is_dir():
        return (path / EXPORTED).is_file() and not _is_run(path)
    return path.suffix == Path(EXPORTED).suffix and path.is_file()


def split_off_run(words: Iterable[str], runs: Path) -> tuple[list[Path], str | None]:
    """Return which words are photos and folders, and which is a run or a model, in whatever order they were given.

    "-" stands for photos.

    Raises:
        RunError: two are runs or models, or none is a photo or a folder.
    """
    words = list(words)
    folders = [word for word in words if _is_run(Path(word)) or _is_run(runs / word) or is_exported(Path(word))]
    unknown = [word for word in words if word not in folders and word != "-" and not Path(word).exists()]
    if missing := [word for word in unknown if folders or Path(word).suffix]:  # a recipe's name has no ending
        raise RunError(f"There is no photo or folder {missing[0]}.")
    named = folders + unknown
    if len(named) > 1:
        raise RunError(f"{listed(named)} are no photos or folders: name at most one run beside those.")
    sources = [Path(word) for word in words if word not in named]
    if not sources:
        raise RunError(f"Name photos or a folder beside the run {named[0]}, which is not one.")
    return sources, named[0] if named else None


def _is_run(folder: Path) -> bool:
    return Run(folder).recipe_file.is_file()


def find_unfinished(name: str | None, runs: Path) -> Run:
    """Return the run to go on with: a run folder, a recipe's latest unfinished run, or the latest of all.

    Raises:
        RunError: there is none.
    """
    for folder in (Path(name), runs / name) if name else ():
        if Run(folder).recipe_file.is_file():
            return Run(folder)
    unfinished = [run for run in all_runs(runs, name) if run.status in (INTERRUPTED, FAILED)]
    if not unfinished:
        of = f' of "{name}"' if name else ""
        raise RunError(f"There is no interrupted run{of} in {runs}; kfood runs ls lists all.")
    return unfinished[-1]


def trainings(run: Run) -> list[Run]:
    """Return the run and those that it started from, the latest first, as far as their folders are still there."""
    found = [run]
    while before := found[-1].environment.get("started_from"):
        earlier = Run(Path(before))
        if earlier.folder in [each.folder for each in found]:
            break
        if not earlier.samples_file.is_file():
            log.warning("%s started from %s, which is gone: what that has seen is not known.", found[-1].name, before)
            break
        found.append(earlier)
    return found


def _find_by_name(name: str | None, runs: Path) -> Run:
    finished = finished_runs(runs)
    if not finished:
        raise RunError(f"There is no finished run in {runs} yet. Train one first: kfood train mission1")
    if name is None:
        return finished[-1]
    names = {run.folder: (run.folder.parent.name, run.folder.name, run.name) for run in finished}
    matching = [run for run in finished if nfc(name) in map(nfc, names[run.folder])]
    if not matching:
        known = {run.folder.parent.name for run in finished}
        raise RunError(
            f'There is no finished run "{name}" in {runs}.{did_you_mean(name, known)} '
            f"There are runs of {listed(sorted(known), 20)}; kfood runs ls lists them."
        )
    return matching[-1]
