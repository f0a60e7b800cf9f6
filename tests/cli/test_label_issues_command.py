"""kfood data label-issues, as a user types it."""

import pandas as pd
import pytest

from kfood.data.fixes_file import read_fixes

pytestmark = pytest.mark.slow

PAIR = ("갈비찜", "돼지갈비찜")


@pytest.fixture
def data(make_photos, tmp_path):
    """Photos of plain colours, with four of the one dish in the other's folder."""
    photos = make_photos(tmp_path / "photos", dict.fromkeys([*PAIR, "김밥"], 24))
    for number in range(4):
        (photos / PAIR[0] / f"{number:04}.jpg").rename(photos / PAIR[1] / f"wrong{number}.jpg")
    return photos


def test_wrong_labels_are_found_counted_and_proposed(kfood, here, data):
    answer = kfood("data", "label-issues", data, "--pair", *PAIR)
    assert answer.code == 0, answer.err
    table = pd.read_csv(here / "label-issues" / "label-issues.csv")
    assert len(table) == 72
    first = table.head(4)
    assert first["path"].str.contains("wrong").all() and (first["proposed"] == PAIR[0]).all()
    proposed = read_fixes(here / "label-issues" / "proposals.csv")["path"]
    assert len(proposed) >= 2 and proposed.str.contains("wrong").all()
    assert (here / "label-issues" / "label-issues.html").exists()
    said = " ".join(answer.out.split())
    assert "Flipped labels" in said and "1-NN on frozen" in said and "estimates, no bounds" in said


@pytest.mark.parametrize(
    ("pair", "words"),
    [(("갈비찜", "돼지갈비짐"), f'Did you mean "{PAIR[1]}"'), (("갈비찜", "갈비찜"), "A pair needs two classes")],
)
def test_an_unknown_class_is_told(kfood, here, data, pair, words):
    answer = kfood("data", "label-issues", data, "--pair", *pair)
    assert answer.code == 2
    assert words in answer.err
    assert not (here / "label-issues").exists()


def test_too_few_photos_are_told(kfood, here, make_photos, tmp_path):
    few = make_photos(tmp_path / "few", dict.fromkeys(PAIR, 6))
    answer = kfood("data", "label-issues", few)
    assert answer.code == 2
    assert "too few photos" in answer.err.lower()
