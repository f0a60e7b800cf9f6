"""Rows come in the order of the photos, as soon as they can."""

import os
import threading
import tracemalloc
from itertools import islice

import numpy as np
import pytest

from kfood.errors import KfoodError
from kfood.prediction import stream
from kfood.prediction.sources import Named, find_photos
from kfood.prediction.stream import Row, column_names, predicted_rows
from support.colours import CLASSES, SIDE, Colours, likeliest, paint


@pytest.fixture
def photos(tmp_path):
    return [
        Named(str(path), str(path)) for path in (paint(tmp_path / f"{number:03}.png", number) for number in range(9))
    ]


def test_each_photo_has_its_own_answers(photos):
    rows = list(predicted_rows(Colours(), photos, 2))
    assert [row.path for row in rows] == [photo.path for photo in photos]
    assert [row.answers[0][0] for row in rows] == [likeliest(number) for number in range(9)]
    for row in rows:
        assert len(row.answers) == 2 and row.answers[0][1] > row.answers[1][1] > 0


def test_an_answer_that_is_no_number_is_a_row_that_says_so(photos):
    class Overflows(Colours):
        def probabilities(self, given):
            found = super().probabilities(given).copy()
            found[1] = np.nan
            return found

    rows = list(predicted_rows(Overflows(), photos, 2))
    assert [bool(row.answers) for row in rows] == [True, False, *[True] * 7]
    assert "its training diverged" in rows[1].error and not rows[0].error


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_batches_change_nothing(photos, monkeypatch, batch):
    wanted = list(predicted_rows(Colours(), photos, 3))
    monkeypatch.setattr(stream, "_BATCH", batch)
    predictor = Colours()
    assert list(predicted_rows(predictor, photos, 3)) == wanted
    assert sum(predictor.batches) == 9 and max(predictor.batches) == min(batch, 9)


def test_what_cannot_be_read_is_a_row_with_its_reason(photos, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no photo")
    (tmp_path / "folder.png").mkdir()

    def spoiled() -> bytes:
        raise KfoodError("the archive is damaged here")

    broken = [
        Named("broken.png", str(tmp_path / "broken.png")),
        Named("folder.png", str(tmp_path / "folder.png")),
        Named("gone.png", fault="there is no such file"),
        Named("a.zip/0.png", spoiled),
        Named("a.zip/1.png", lambda: b"no photo"),
    ]
    rows = list(predicted_rows(Colours(), [photos[0], *broken, photos[1]], 3))
    assert [row.path for row in rows[1:-1]] == [photo.path for photo in broken]
    reasons = [row.error for row in rows]
    assert reasons[0] == reasons[-1] == "" and all(row.answers == () for row in rows[1:-1])
    assert reasons[1] == reasons[5] == "cannot identify image file"
    assert reasons[2] == "is not a file" and reasons[3:5] == ["there is no such file", "the archive is damaged here"]


def test_photos_are_read_a_little_ahead_only(photos, monkeypatch):
    monkeypatch.setattr(stream, "_BATCH", 4)
    read = []
    many = (read.append(number) or photos[number % 9] for number in range(1000))
    assert len(list(islice(predicted_rows(Colours(), many, 3), 10))) == 10
    assert len(read) <= 12


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(photos, tmp_path, monkeypatch):
    predictor, pixels = Colours(), np.zeros((SIDE, SIDE, 3), np.uint8)
    monkeypatch.setattr(predictor, "prepare", lambda photo: pixels)
    peaks = []
    for count in (500, 500, 8000):  # once to import what is imported late
        (tmp_path / "list.csv").write_text("path\n" + f"{photos[0].path}\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in predicted_rows(predictor, find_photos([tmp_path / "list.csv"]), 3)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 2**19


def test_a_gpu_is_given_what_was_decoded_meanwhile(photos, monkeypatch):
    monkeypatch.setattr(stream, "_GPU_BATCH", 2)

    class OnGpu(Colours):
        class device:
            type = "cuda"

    read = []
    rows = predicted_rows(OnGpu(), (read.append(0) or photo for photo in photos), 3)
    next(rows)
    assert len(read) == 6
    assert len([*rows]) == 8


def test_a_pause_of_those_who_name_photos_is_used(photos):
    reading, writing = os.pipe()
    found = find_photos(["-"])
    found.found = iter_from(reading, photos, writing)
    rows = predicted_rows(Colours(), found, 3)
    assert next(rows).path == photos[0].path  # while the second is not even named
    os.write(writing, b"x")
    assert [row.path for row in rows] == [photos[1].path]


def iter_from(reading, photos, writing):
    yield photos[0]
    yield None
    assert os.read(reading, 1) == b"x"
    yield photos[1]


def test_stopping_leaves_no_thread_behind(photos):
    before = threading.active_count()
    rows = predicted_rows(Colours(), photos * 100, 3)
    next(rows)
    rows.close()
    assert threading.active_count() == before


def test_columns_are_named_by_rank():
    assert column_names(1) == ["path", "predicted", "predicted_probability", "error"]
    assert column_names(7)[-5:] == ["rank_6", "rank_6_probability", "rank_7", "rank_7_probability", "error"]
    assert Row("a", ((CLASSES[0], 0.5),)).cells(2) == ["a", CLASSES[0], 0.5, None, None, None]
    assert Row("a", (), "broken").cells(1) == ["a", None, None, "broken"]
