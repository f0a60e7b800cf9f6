"""How long decoding will take is known from a few photos."""

from itertools import count
from types import SimpleNamespace

from kfood.data import pixel_cache as cache
from kfood.data.pixel_cache import cached_pixels, seconds_to_fill
from support.album import SQUISH, from_cache


def test_the_time_to_decode_is_that_of_a_few_of_the_photos_that_are_missing(album, monkeypatch, decoded):
    photos = album(10)
    cached_pixels(photos[:1], SQUISH)
    decoded.clear()
    monkeypatch.setattr(cache, "_TRIED", 3)
    monkeypatch.setattr(cache, "time", SimpleNamespace(perf_counter=count(0, 6).__next__))  # 6 s at each look
    assert seconds_to_fill(photos, SQUISH) == 6 * 9 / 3
    assert len(decoded) == 3
    assert from_cache(cached_pixels(photos[:1], SQUISH), photos)[1:] == [None] * 9  # nothing was kept
    cached_pixels(photos, SQUISH)
    decoded.clear()
    assert seconds_to_fill(photos, SQUISH) == 0
    assert decoded == []
