"""Albums of photos for tests of the cache of decoded photos."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.data import pixel_cache as cache
from kfood.data.preprocess import Preprocess
from kfood.system.files import content_digest
from support.album import BYTES, SPLITS, with_digests


@pytest.fixture
def album(tmp_path) -> Callable[..., pd.DataFrame]:
    """Return a function that draws photos, all different, and gives their samples: two classes, three splits."""

    def draw(count: int = 10, first: int = 0, size: tuple[int, int] = (64, 48)) -> pd.DataFrame:
        rows = []
        for number in range(first, first + count):
            coarse = np.random.default_rng(number).integers(0, 256, (7, 9, 3), dtype=np.uint8)
            path = tmp_path / f"{number:03}.{'jpg' if number % 2 else 'png'}"
            Image.fromarray(coarse).resize(size).save(path)
            rows.append({"path": str(path), "label": "가나"[number // 5 % 2], "split": SPLITS[number % 5], "area": ""})
        return with_digests(pd.DataFrame(rows))

    return draw


@pytest.fixture
def decoded(monkeypatch) -> list[str]:
    """The digests of what is brought to size again."""
    digests, original = [], Preprocess.__call__

    def counted(self: Preprocess, photo, area: str = "") -> np.ndarray:
        digests.append(content_digest(photo.getvalue() if isinstance(photo, BytesIO) else Path(photo).read_bytes()))
        return original(self, photo, area)

    monkeypatch.setattr(Preprocess, "__call__", counted)
    return digests


@pytest.fixture
def segments_of(monkeypatch) -> Callable[[int], None]:
    """Return a function that sets how many photos a segment holds."""
    return lambda photos: monkeypatch.setattr(cache, "_PHOTOS_A_SEGMENT", photos)


@pytest.fixture
def limit(monkeypatch) -> Callable[[float], None]:
    """Return a function that lets the cache take so many square photos and no more."""
    return lambda photos: monkeypatch.setenv("KFOOD_CACHE_GB", str(photos * BYTES / 1e9))
