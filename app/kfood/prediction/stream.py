"""Photos in, rows out, as they are known: decoded by threads a little ahead, predicted in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import NamedTuple

import numpy as np

from kfood.errors import KfoodError
from kfood.prediction.predictor import AnsweringPredictor, Cell, Predictor
from kfood.prediction.sources import Named
from kfood.system.cores import available_cores

_BATCH, _GPU_BATCH = 16, 64  # photos at most: larger batches predict no faster
_BATCH_BYTES = 2**28  # of photos that wait in memory to be decoded
_AHEAD = 2  # batches made ready while a GPU computes
_RANKS = ("predicted", "second", "third", "fourth", "fifth")
_DIGITS = 6  # of a probability
_NO_NUMBERS = "the network's answer is no number (NaN or infinite): its training diverged"
_Ranked = tuple[tuple[str, float], ...]
_Waiting = list[tuple[str, Future[np.ndarray | str]]]


class Row(NamedTuple):
    """What is said of a photo: the likeliest classes with their probabilities; or why it could not be read."""

    path: str
    answers: tuple[tuple[str, float], ...]
    error: str = ""
    more: tuple[Cell, ...] = ()  # what an `AnsweringPredictor` says

    def cells(self, top: int, more: int = 0) -> list[Cell]:
        """Return the cells of the columns that `column_names` names, `more` of them besides; None for what is not."""
        given: list[Cell] = [cell for answer in self.answers for cell in answer]
        ranked = [*given, *[None] * (2 * top - len(given))]
        return [self.path, *ranked, *(self.more or [None] * more), self.error or None]


def column_names(top: int, more: Sequence[str] = ()) -> list[str]:
    """Return `path`, the names of `top` classes, each followed by its probability, `more` columns, and `error`."""
    ranks = [_RANKS[number] if number < len(_RANKS) else f"rank_{number + 1}" for number in range(top)]
    return ["path", *(name for rank in ranks for name in (rank, f"{rank}_probability")), *more, "error"]


def more_columns(predictor: Predictor) -> list[str]:
    """Return the names of what a predictor says beside probabilities; [] of one that says no more."""
    return predictor.columns if isinstance(predictor, AnsweringPredictor) else []


def predicted_rows(predictor: Predictor, photos: Iterable[Named | None], top: int) -> Iterator[Row]:
    """Give a row for each photo, in their order.

    Where the network computes on the cores that decode, both take turns, each with all cores; a GPU computes while the
    next photos are decoded.

    Args:
        predictor: of a run or an exported model.
        photos: as `find_photos` finds them; a None in between lets those before it be predicted at once.
        top: how many classes a row names.
    """
    on_gpu = getattr(getattr(predictor, "device", None), "type", "cpu") == "cuda"
    ahead, size = (_AHEAD, _GPU_BATCH) if on_gpu else (0, _BATCH)
    ready: deque[_Waiting] = deque()
    pool = ThreadPoolExecutor(available_cores())
    try:
        for batch in _batches(predictor, photos, pool, size):
            ready.append(batch)
            while len(ready) > (ahead if batch else 0):
                yield from _rows(predictor, ready.popleft(), top)
        for batch in ready:
            yield from _rows(predictor, batch, top)
    finally:
        pool.shutdown(cancel_futures=True)


def _batches(
    predictor: Predictor, photos: Iterable[Named | None], pool: ThreadPoolExecutor, size: int
) -> Iterator[_Waiting]:
    """Give photos that are being prepared; a batch of none where all that is there should be predicted at once."""
    batch: _Waiting = []
    held = 0
    for photo in photos:
        if photo is not None:
            content = _fetched(photo)
            batch.append((photo.path, pool.submit(_prepared, predictor, content)))
            held += content.getbuffer().nbytes if isinstance(content, BytesIO) else 0
        if batch and (photo is None or len(batch) == size or held > _BATCH_BYTES):
            yield batch
            batch, held = [], 0
        if photo is None:
            yield []
    if batch:
        yield batch


def _fetched(photo: Named) -> str | BytesIO | KfoodError:
    """Return what is to be decoded; an archive is read by one thread, from its start to its end."""
    if photo.fault:
        return KfoodError(photo.fault)
    if isinstance(photo.content, str):
        return photo.content
    try:
        return BytesIO(photo.content())
    except KfoodError as error:
        return error


def _prepared(predictor: Predictor, content: str | BytesIO | KfoodError) -> np.ndarray | str:
    """Return a photo as the network takes it, or why it cannot be read."""
    if isinstance(content, KfoodError):
        return str(content)
    try:
        return predictor.prepare(content)
    except OSError as error:
        return str(error).partition(" cannot be read as a photo: ")[2] or str(error)


def _rows(predictor: Predictor, batch: _Waiting, top: int) -> Iterator[Row]:
    results = [(path, prepared.result()) for path, prepared in batch]
    pixels = [found for _, found in results if not isinstance(found, str)]
    answers = iter(_answers(predictor, np.stack(pixels), top) if pixels else [])
    for path, found in results:
        if isinstance(found, str):
            yield Row(path, (), found)
        else:
            ranked, more = next(answers)
            yield Row(path, ranked, "" if ranked else _NO_NUMBERS, more)


def _answers(predictor: Predictor, photos: np.ndarray, top: int) -> Iterator[tuple[_Ranked, tuple[Cell, ...]]]:
    said: list[list[Cell]] = [[]] * len(photos)
    if isinstance(predictor, AnsweringPredictor):
        probabilities, said = predictor.answers(photos)
    else:
        probabilities = predictor.probabilities(photos)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    for row, numbers, more in zip(probabilities, best, said, strict=True):
        ranked = ((predictor.classes[number], round(float(row[number]), _DIGITS)) for number in numbers)
        yield (tuple(ranked), tuple(more)) if np.isfinite(row).all() else ((), ())
