"""The same photos predicted by a run and by the file made of it: whether the answers are the same, and how fast."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from kfood.calibration.stored import read_calibration
from kfood.data.crop_area import parse_area
from kfood.data.loaders import photo_loader, preprocessing
from kfood.data.photo import open_photo
from kfood.errors import KfoodError
from kfood.evaluation.predict import predict_logits
from kfood.exported.predict import Model, resized, squared
from kfood.run.folder import Run
from kfood.statistics.temperature import tempered
from kfood.system.cores import available_cores
from kfood.system.progress import track
from kfood.text import listed
from kfood.training.restore import predicting_learner

TIE = 0.001  # of probability: two answers that are closer may change places
_BATCH = 16  # larger ones predict no faster on a CPU


@dataclass(frozen=True)
class Answers:
    """What one of the two says: probabilities, photos x classes, and the seconds that it took for each photo."""

    probabilities: np.ndarray
    seconds: float

    @property
    def first(self) -> np.ndarray:
        """The class number of the likeliest dish of each photo."""
        return self.probabilities.argmax(axis=1)


@dataclass(frozen=True)
class Comparison:
    """How the answers of a file differ from those of its run.

    Args:
        photos: how many were compared.
        changed: paths of those with another first answer, ties aside.
        largest: difference of any probability, 0 to 1.
        at: the path of the photo where that is.
    """

    photos: int
    changed: list[str]
    largest: float
    at: str


def judged_photos(run: Run) -> pd.DataFrame:
    """Return a run's validation and test photos.

    Raises:
        KfoodError: one is no longer there, so that nothing could be proved.
    """
    judged = run.samples[run.samples["split"].isin(["valid", "test"])].reset_index(drop=True)
    if gone := [path for path in judged["path"] if not os.path.isfile(path)]:
        raise KfoodError(
            f"{len(gone)} of the {len(judged)} validation and test photos of {run.folder} are not there any more, so "
            f"that its export could not be compared with it: {listed(gone, 3)}. Put them back."
        )
    return judged


def answers_of_run(run: Run, photos: pd.DataFrame) -> Answers:
    """Predict photos (rows of a run's samples) as kfood does, with torch in float32, from their files."""
    recipe = run.recipe
    learner = predicting_learner(run, photos, photo_loader(preprocessing(recipe.data), None), precision="float32")
    started = time.perf_counter()
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # in float32 itself on a GPU, too
        logits = predict_logits(learner, photos, recipe.data.size, doing="predicting with torch")
    seconds = time.perf_counter() - started
    found = read_calibration(run)
    probabilities = logits.softmax(dim=1).numpy()
    return Answers(tempered(probabilities, found.temperature.value if found else 1.0), seconds / len(photos))


def answers_of_file(model: Model, photos: pd.DataFrame) -> Answers:
    """Predict the same with a file."""
    started = time.perf_counter()
    n_batches = -(-len(photos) // _BATCH)
    rows = [
        model.probabilities(batch)
        for batch in track(prepared(model, photos), n_batches, f"predicting in {model.metadata['precision']}")
    ]
    seconds = time.perf_counter() - started
    return Answers(np.concatenate(rows), seconds / len(photos))


def prepared(model: Model, photos: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield photos (rows with `path` and `area`) in batches as the model is given them, decoded by threads.

    Raises:
        KfoodError: a photo cannot be read any more.
    """

    def prepare(path: str, area: str) -> np.ndarray:
        if not area:
            return model.prepare(path)
        how = (model.metadata["resize"], model.metadata["denoise"])
        return squared(resized(open_photo(path, parse_area(area)), model.side, *how), model.side)

    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(photos), _BATCH):
            batch = photos.iloc[start : start + _BATCH]
            try:
                yield np.stack(list(pool.map(prepare, batch["path"], batch["area"])))
            except OSError as error:
                raise KfoodError(f"{error}. It was read when the run was trained: put it back.") from None


def compare(run: Answers, file: Answers, paths: list[str]) -> Comparison:
    """Return how two answers to the same photos differ; `TIE` says when another first answer counts."""
    apart = np.abs(run.probabilities - file.probabilities).max(axis=1)
    numbers = np.arange(len(paths))
    lead = run.probabilities.max(axis=1) - run.probabilities[numbers, file.first]
    changed = [paths[number] for number in np.flatnonzero(lead > TIE)]
    return Comparison(len(paths), changed, float(apart.max()), paths[int(apart.argmax())])
