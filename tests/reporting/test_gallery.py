"""What the page's script is given says what the predictions say."""

import numpy as np
import pytest

from kfood.evaluation.predictions import of_split
from kfood.reporting.gallery import gallery_data, gallery_photos, thumbnail_data
from kfood.reporting.thumbnails import Thumbnails
from support.fake_run import fake_run

LABEL, PREDICTED, PROBABILITY, LOSS, TOP = range(5)


def test_every_photo_with_its_prediction(one_run):
    data = gallery_data([one_run], "test", gallery_photos([one_run], "test"))
    table = of_split(one_run.predictions, "test").reset_index(drop=True)
    classes = data["classes"]
    assert classes == ["갈비찜", "김밥", "라면"]
    assert [data["folder"] + path for path in data["paths"]] == table["path"].tolist()
    (run,) = data["runs"]
    assert run["name"] == one_run.name
    for answer, row in zip(run["photos"], table.to_dict("records"), strict=True):
        assert (classes[answer[LABEL]], classes[answer[PREDICTED]]) == (row["label"], row["predicted"])
        assert answer[PROBABILITY] == pytest.approx(row["probability"], abs=5e-5)
        assert answer[LOSS] == pytest.approx(row["loss"], abs=5e-5)
        names, shares = answer[TOP::2], answer[TOP + 1 :: 2]
        assert shares == sorted(shares, reverse=True) and len(shares) == 3
        pairs = zip(names, shares, strict=True)
        assert all(share == pytest.approx(row[f"p_{classes[n]}"], abs=5e-5) for n, share in pairs)
        assert names[0] == answer[PREDICTED]


def test_runs_of_other_photos_and_classes_stand_in_one_table(tmp_path):
    photos = tmp_path / "photos"
    first = fake_run(tmp_path / "r" / "1", photos, {"김밥": 4, "라면": 4}, only_test=True, draw=False)
    second = fake_run(tmp_path / "r" / "2", photos, {"김밥": 6, "만두": 4}, seed=1, only_test=True, draw=False)
    table = gallery_photos([first, second], "test")
    data = gallery_data([first, second], "test", table)
    assert data["classes"] == ["김밥", "라면", "만두"]
    assert table["path"].is_unique and len(table) == 10  # 4 + 4, and the 2 that only the second has
    assert [answer is None for answer in data["runs"][0]["photos"]] == [False] * 8 + [True] * 2
    # the same file is 라면 to the one run and 만두 to the other
    assert [run["photos"][5][LABEL] for run in data["runs"]] == [1, 2]
    losses = [run.predictions.set_index("path")["loss"] for run in (first, second)]
    both = table["path"][0]
    assert table["loss"][0] == max(loss[both] for loss in losses)


def test_thumbnails_say_why_there_is_none(one_run):
    photos = gallery_photos([one_run], "test").head(3)
    one, two, three = photos["path"]
    assert thumbnail_data(photos, Thumbnails({one: b"webp"}, [two], [three])) == ["d2VicA==", 0, 1]


def test_a_number_that_is_none_is_left_out(one_run):
    one_run.predictions.loc[one_run.predictions["split"] == "test", ["loss", "probability"]] = np.nan
    (run,) = gallery_data([one_run], "test", gallery_photos([one_run], "test"))["runs"]
    assert {(answer[PROBABILITY], answer[LOSS]) for answer in run["photos"]} == {(None, None)}
