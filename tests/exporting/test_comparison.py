"""Two answers are compared photo by photo; ties are no change."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.data.preprocess import Preprocess
from kfood.errors import KfoodError
from kfood.exporting.comparison import Answers, compare, judged_photos, prepared
from support.preparing import preparing

PATHS = ["a.jpg", "b.jpg", "c.jpg"]


def answers(*rows: tuple[float, float, float]) -> Answers:
    return Answers(np.array(rows), 0.0)


SAME = [(0.5, 0.3, 0.2), (0.1, 0.8, 0.1), (0.4003, 0.3997, 0.2)]


def test_the_same_answers_do_not_differ():
    found = compare(answers(*SAME), answers(*SAME), PATHS)
    assert (found.photos, found.changed, found.largest) == (3, [], 0.0)


def test_another_first_answer_is_named_and_a_tie_is_none():
    other = answers((0.3, 0.5, 0.2), (0.1, 0.8, 0.1), (0.3998, 0.4002, 0.2))
    found = compare(answers(*SAME), other, PATHS)
    assert found.changed == ["a.jpg"]
    assert (found.at, found.largest) == ("a.jpg", pytest.approx(0.2))


def test_the_largest_difference_counts_where_no_answer_changes():
    found = compare(answers(*SAME), answers(SAME[0], (0.1, 0.75, 0.15), SAME[2]), PATHS)
    assert (found.changed, found.at, found.largest) == ([], "b.jpg", pytest.approx(0.05))


def test_photos_are_prepared_in_their_order_and_cut_to_their_areas(tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number:02}.jpg" for number in range(20)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).save(path)
    areas = ["10,20,30,25" if number % 3 else "" for number in range(20)]
    photos = pd.DataFrame({"path": map(str, paths), "area": areas})
    got = np.concatenate(list(prepared(preparing(32, denoise="blur"), photos)))
    shrink = Preprocess(32, "squish", "blur")
    assert np.array_equal(got, np.stack([shrink(path, area) for path, area in zip(paths, areas, strict=True)]))


def test_a_photo_that_is_damaged_now_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(KfoodError, match=r"a\.jpg cannot be read as a photo: .+ put it back\."):
        list(prepared(preparing(32), pd.DataFrame({"path": [str(tmp_path / "a.jpg")], "area": [""]})))


def test_photos_that_are_gone_are_named(tmp_path):
    class Gone:
        folder = tmp_path
        samples = pd.DataFrame({"path": [str(tmp_path / "a.jpg")] * 2, "split": ["train", "test"], "area": ""})

    with pytest.raises(KfoodError, match=r"1 of the 1 validation and test photos of .+a\.jpg\. Put them back\."):
        judged_photos(Gone())
