"""Photos of requests that come at the same time, predicted together: one thread decodes none and predicts all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import numpy as np

from kfood.prediction.predictor import AnsweringPredictor, Cell
from kfood.serving.refused import Refused

log = logging.getLogger(__name__)


class Predicts(Protocol):
    """As much of a predictor as batching needs."""

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """Return n x classes of n x height x width x 3."""
        ...


class Said(NamedTuple):
    """Of one photo: its probabilities, (classes,), and the cells of an `AnsweringPredictor`."""

    probabilities: np.ndarray
    more: list[Cell]


class _Waiting(NamedTuple):
    pixels: np.ndarray
    answer: asyncio.Future[Said]


class Batcher:
    """Gathers prepared photos and predicts them in batches. Its methods are the event loop's.

    Args:
        predictor: asked by one thread, a batch at a time.
        most: photos in a batch. On a CPU, more of them take more memory and are predicted no faster.
        wait: seconds that a photo waits for others that are on their way.
        room: photos that may be decoded, waiting and predicted at once; who comes then is turned away.
        observe: told the size of each batch.
    """

    def __init__(
        self,
        predictor: Predicts,
        most: int = 8,
        wait: float = 0.004,
        room: int = 128,
        observe: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.predictor, self.most, self.wait, self.room, self.observe = predictor, most, wait, room, observe
        self.admitted = 0
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "predict")
        self._loop: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many photos wait for the network."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to predict what comes."""
        self._loop = asyncio.create_task(self._predict_for_ever())

    async def stop(self) -> None:
        """Predict no more; what is being predicted comes to its end."""
        if self._loop:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        self._thread.shutdown(wait=True)

    def require_room(self) -> None:
        """Raise Refused (503) where not one photo more would be let in."""
        if self.admitted >= self.room:
            raise _busy()

    @contextmanager
    def admit(self, n: int) -> Iterator[None]:
        """Let n photos in for as long as they are worked on. Raises Refused (503) where there is no room for them."""
        if self.admitted + n > self.room:
            raise _busy()
        self.admitted += n
        try:
            yield
        finally:
            self.admitted -= n

    async def predict(self, pixels: np.ndarray) -> Said:
        """Return what is said of one photo, of its pixels as the predictor has prepared them."""
        answer: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(pixels, answer))
        return await answer

    async def _predict_for_ever(self) -> None:
        while True:
            batch = await self._gather()
            if batch:
                await self._answer(batch)

    async def _gather(self) -> list[_Waiting]:
        """Return the next photos: all that are there, and those on their way that come soon."""
        batch = [await self._queue.get()]
        until = time.monotonic() + self.wait
        while len(batch) < self.most:
            if not self._queue.empty():
                batch.append(self._queue.get_nowait())
                continue
            left = until - time.monotonic()
            if left <= 0 or len(batch) >= self.admitted:  # nobody else is on the way
                break
            try:
                batch.append(await asyncio.wait_for(self._queue.get(), left))
            except (TimeoutError, asyncio.TimeoutError):
                break
        return [each for each in batch if not each.answer.done()]  # whose sender has gone

    async def _answer(self, batch: list[_Waiting]) -> None:
        self.observe(len(batch))
        try:
            photos = np.stack([each.pixels for each in batch])
            found = await asyncio.get_running_loop().run_in_executor(self._thread, self._said, photos)
        except Exception as error:
            for each in batch:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each, row in zip(batch, found, strict=True):
            if not each.answer.done():
                each.answer.set_result(row)

    def _said(self, photos: np.ndarray) -> list[Said]:
        more: list[list[Cell]] = [[] for _ in photos]
        if isinstance(self.predictor, AnsweringPredictor):
            probabilities, more = self.predictor.answers(photos)
        else:
            probabilities = self.predictor.probabilities(photos)
        return [Said(*each) for each in zip(probabilities, more, strict=True)]


def _busy() -> Refused:
    return Refused(503, "The server is busy: try again in a moment.")
