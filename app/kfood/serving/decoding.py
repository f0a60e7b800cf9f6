"""Uploads made ready for the network, in a few threads."""

from __future__ import annotations

import asyncio
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image

from kfood.serving.refused import Refused
from kfood.serving.uploads import Upload
from kfood.system.cores import available_cores

_LARGE = 24_000_000  # pixels; of such photos one is decoded at a time, or a few could fill the memory
_MOST_THREADS = 4


class Prepares(Protocol):
    """As much of a predictor as decoding needs."""

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """Return a photo's pixels as the network is given them."""
        ...


class Decoder:
    """Decodes photos in threads of its own.

    Args:
        predictor: knows how.
        most_pixels: of one photo; a larger one is refused by what its file claims, before it is decoded.
    """

    def __init__(self, predictor: Prepares, most_pixels: int) -> None:
        self.predictor, self.most_pixels = predictor, most_pixels
        self._threads = ThreadPoolExecutor(max(2, min(_MOST_THREADS, available_cores())), "decode")
        self._one_large = threading.Lock()

    async def prepare(self, upload: Upload) -> np.ndarray:
        """Return a photo's pixels. Raises Refused: 413 where it has too many, 415 where it is no photo."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._prepare, upload)

    def stop(self) -> None:
        """Decode no more; what is being decoded comes to its end."""
        self._threads.shutdown(wait=True)

    def _prepare(self, upload: Upload) -> np.ndarray:
        pixels = self._claimed_pixels(upload)
        with self._one_large if pixels > _LARGE else nullcontext():
            try:
                return self.predictor.prepare(BytesIO(upload.content))
            except OSError:
                raise Refused(415, f"{named(upload)} cannot be read as a photo.") from None

    def _claimed_pixels(self, upload: Upload) -> int:
        """Return how many pixels a file says it has; 0 where it says nothing that can be understood."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(BytesIO(upload.content)) as image:
                    width, height = image.size
        except Image.DecompressionBombError:
            width = height = 10 * self.most_pixels
        except Exception:  # of any kind, as files are; whether it can be read is for the predictor to say
            return 0
        if width * height > self.most_pixels:
            raise Refused(413, f"{named(upload)} has more than {self.most_pixels / 1e6:g} million pixels.")
        return width * height


def named(upload: Upload) -> str:
    """Return the photo's name for a sentence, at its beginning."""
    return f'"{upload.name}"' if upload.name else "What was sent"
