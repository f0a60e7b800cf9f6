"""The run folder: the one place that knows its file names, and how runs are found again.

`<runs>/<recipe>/<time>-<id>/` holds recipe.toml (resolved), environment.json, samples.csv, history.csv,
metrics.json, predictions.csv, model.safetensors, model.json, checksums.json, checkpoint/, figures/, log.txt and status;
cannot_tell.json where `kfood pair abstain` has found when it should say "A or B"; and of a calibrated one
calibration.json, calibration.safetensors and calibrated.csv.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import secrets
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tomli_w

from kfood.errors import RunError, Stopped
from kfood.recipes.explain import validate
from kfood.recipes.load import read_toml, with_current_names
from kfood.recipes.schema import Recipe
from kfood.run.checksums import Checksums
from kfood.system import logs
from kfood.system.files import read_csv, write_json, write_text
from kfood.system.locks import Lock, Timeout
from kfood.system.os_errors import cannot_use

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
RUNNING, INTERRUPTED, FAILED, DONE = "running", "interrupted", "failed", "done"
UNKNOWN = "unknown"
T = TypeVar("T")


class Run:
    """A training, finished or not, as its folder tells it.

    Tables are DataFrames, `metrics` and `environment` dictionaries; all are read from disk when first asked for.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.recipe_file = self.folder / "recipe.toml"
        self.environment_file = self.folder / "environment.json"
        self.samples_file = self.folder / "samples.csv"
        self.left_out_file = self.folder / "left_out.csv"
        self.history_file = self.folder / "history.csv"
        self.metrics_file = self.folder / "metrics.json"
        self.predictions_file = self.folder / "predictions.csv"
        self.weights_file = self.folder / "model.safetensors"
        self.model_file = self.folder / "model.json"
        self.cannot_tell_file = self.folder / "cannot_tell.json"
        self.calibration_file = self.folder / "calibration.json"
        self.calibration_arrays_file = self.folder / "calibration.safetensors"
        self.calibrated_file = self.folder / "calibrated.csv"
        self.checkpoints = self.folder / "checkpoint"
        self.lock_file = self.folder / "lock"
        self.figures = self.folder / "figures"
        self.log_file = self.folder / "log.txt"
        self.status_file = self.folder / "status"
        self.checksums = Checksums(self.folder / "checksums.json", before=self.folder / "seals.json")

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, {self.status})"

    @property
    def name(self) -> str:
        """`<recipe>/<time>-<id>`, as `kfood runs ls` shows it, in whatever way the folder was named."""
        return "/".join(Path(os.path.abspath(self.folder)).parts[-2:])

    @property
    def runs(self) -> Path:
        """The folder of all runs, two above its own."""
        return Path(os.path.abspath(self.folder)).parent.parent

    @property
    def status(self) -> str:
        """running, interrupted, failed, done or unknown. A run whose process died is interrupted, whatever it says."""
        noted = self._noted().partition(":")[0].strip()
        if noted == RUNNING and not self._is_held():
            return INTERRUPTED
        return noted if noted in (RUNNING, INTERRUPTED, FAILED, DONE) else UNKNOWN

    @property
    def why_failed(self) -> str:
        """What ended a run that failed, in a line; '' where that is not known."""
        lines = self._noted().partition(":")[2].strip().splitlines()
        return lines[0] if lines else ""

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe as it was resolved for this run."""
        return self.read(
            self.recipe_file, lambda file: validate(with_current_names(read_toml(file)), str(file), of_run=True)
        )

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, device, data, seed and command of this run."""
        return self.read(self.environment_file, _json)

    @property
    def precision(self) -> str:
        """The number formats that it was begun in, as "float32" or "bfloat16, predicting float32"; '' if not noted."""
        return str(self.environment.get("precision") or "")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Results on validation and test, with intervals."""
        return self.read(self.metrics_file, _json)

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row a photo: path, label, split, area, group."""
        text = ["path", "label", "split", "area", "group", "digest"]
        return self.read(self.samples_file, partial(read_csv, text=text, needed=["path", "label", "split", "area"]))

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row an epoch."""
        return self.read(self.history_file, partial(read_csv, needed=["epoch", "valid_accuracy"]))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """A row for each validation and test photo, with its group and the probability of every class."""
        table = self.read(self.predictions_file, _predictions)
        if "group" in table:
            return table
        try:
            samples = self.samples  # a run of version 0.1 has groups only there
        except RunError:  # said where samples are asked for
            return table
        groups = dict(zip(samples["path"], samples["group"], strict=True)) if "group" in samples else {}
        return table.assign(group=table["path"].map(groups.get).fillna(table["path"]))

    def read(self, file: Path, reader: Callable[[Path], T]) -> T:
        """Read one of the run's files.

        Raises:
            RunError: it is missing, not what was written, or nothing that `reader` can read.
        """
        try:
            self.checksums.verify(file)
            return reader(file)
        except FileNotFoundError:
            raise RunError(f"{file} is missing: without it, this cannot be shown.") from None
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"{file} is damaged: {reason}") from None

    def verify(self, *files: Path) -> None:
        """Check that files are what was written when the run was trained. Raises RunError as `read` does."""
        for file in files:
            self.read(file, lambda _: None)

    def write_recipe(self, recipe: Recipe) -> None:
        """Keep the recipe as it is resolved for this run."""
        self.checksums.drop(self.recipe_file)
        write_text(self.recipe_file, tomli_w.dumps(recipe.model_dump(mode="json")))
        self.checksums.add(self.recipe_file)
        self.__dict__.pop("recipe", None)  # read again when asked for

    @property
    def _results(self) -> tuple[Path, ...]:
        return (self.history_file, self.predictions_file, self.metrics_file, self.weights_file, self.model_file)

    def record_checksums(self) -> None:
        """Note what the files hold that a training ends with."""
        self.checksums.add(*self._results)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Keep `status` and log.txt while the run is worked on, by one process alone.

        Raises:
            RunError: another process works on it.
        """
        try:
            lock = Lock(self.lock_file).acquire(timeout=0)
        except Timeout:
            raise RunError(f"{self.folder} is being trained by another process; its log.txt says which.") from None
        with lock, logs.written_to(self.log_file):
            for partial_file in self.folder.rglob(".*.partial"):  # of a process that was killed
                partial_file.unlink(missing_ok=True)
            write_text(self.status_file, RUNNING)
            self.checksums.drop(*self._results)
            log.info("Process %d on %s.", os.getpid(), platform.node())
            try:
                yield
                write_text(self.status_file, DONE)
            except (KeyboardInterrupt, Stopped):
                self._note(INTERRUPTED)
                log.info("Interrupted. Go on with:  kfood train --resume %s", self.folder)
                raise
            except BaseException as error:
                self._note(f"{FAILED}: {error}")
                with suppress(OSError), self.log_file.open("a", encoding="utf-8") as file:
                    traceback.print_exception(error, file=file)
                raise

    def _noted(self) -> str:
        try:
            return self.status_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return RUNNING  # it was just begun
        except (OSError, ValueError):
            return UNKNOWN

    def _note(self, status: str) -> None:
        """Write the status if that can be done at all: what ended the run is what matters.

        A full disk has no room for a new file, but the old one may have it. Where processes that load photos were
        killed, torch raises from its signal handler, once for each: the next one may come while this is written.
        """
        while True:
            try:
                self._write_status(status)
                return
            except RuntimeError as error:
                if "DataLoader worker" not in str(error):
                    raise

    def _write_status(self, status: str) -> None:
        try:
            write_text(self.status_file, status)
        except OSError:
            with suppress(OSError), self.status_file.open("r+", encoding="utf-8") as file:
                file.write(status)
                file.truncate()

    def _is_held(self) -> bool:
        """Return whether a process works on the run: the system takes the lock from one that dies."""
        if not self.lock_file.exists():
            return False
        try:
            with Lock(self.lock_file).acquire(timeout=0):
                return False
        except (Timeout, OSError):
            return True


def _predictions(file: Path) -> pd.DataFrame:
    needed = ["path", "split", "label", "predicted"]
    text = [*needed, "group"]
    table = read_csv(file, text, needed=[*needed, "probability", "loss"])
    if odd := [name for name in table if name not in text and table[name].dtype.kind not in "fi"]:
        raise ValueError(f"its column {odd[0]} holds something that is not a number.")
    said = [name for name in table if name not in text and name != "loss"]  # of an impossible class it is infinite
    if lost := int((~table[said].abs().lt(math.inf).all(axis=1)).sum()):
        raise ValueError(f"what it says of {lost} photos are no numbers (NaN or infinite): the training diverged.")
    return table


def _json(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("it holds no table of names and values.")
    return found


def create_run(recipe: Recipe, environment: dict[str, Any], folder: Path) -> Run:
    """Make a run folder with its recipe and environment, in which `started` is now, in local time.

    Raises:
        RunError: the folder holds something already, or cannot be written.
    """
    require_free(folder)
    run = Run(folder)
    try:
        run.checkpoints.mkdir(parents=True)
        run.figures.mkdir()
        started = f"{datetime.now().replace(microsecond=0)}"  # as in the names that new_folder gives
        write_json(run.environment_file, {"started": started, **environment})
        run.checksums.add(run.environment_file)
        run.write_recipe(recipe)  # last: a folder is a run once it has one, and can be resumed from then on
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # half a run could not be resumed
        raise cannot_use(folder, error) from None
    return run


def new_folder(runs: Path, name: str) -> Path:
    """Return a folder name that no other run has: sortable by time, with a short random end."""
    return runs / name / f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def require_free(folder: Path) -> None:
    """Check that a run may be written here.

    Raises:
        RunError: it is a file, or a folder with something in it.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        holds = "a run" if Run(folder).recipe_file.exists() else "something else"
        raise RunError(f"{folder} already holds {holds}: name a new folder. No run is ever written over.")
