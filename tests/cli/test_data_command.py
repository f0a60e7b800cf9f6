"""`kfood data check` says what a folder holds, before anything is trained on it."""

import re
import unicodedata

import pytest
from PIL import Image

COUNTS = {"갈비찜": 10, "김밥": 20}


@pytest.fixture
def photos(make_photos, here):
    return make_photos(here / "photos", COUNTS)


def tables(text: str) -> list[list[str]]:
    """The cells of every row of every table."""
    return [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in text.splitlines()]


def test_counts_by_class_and_split(kfood, photos):
    answer = kfood("data", "check", photos)
    assert (answer.code, answer.err) == (0, "")
    for row in (["갈비찜", "6", "2", "2", "10"], ["김밥", "13", "3", "4", "20"], ["all", "19", "5", "6", "30"]):
        assert row in tables(answer.out)
    assert ["JPEG", "RGB", "30", "48", "48"] in tables(answer.out)
    assert f"Data: {photos} — a folder for each class, 30 photos." in answer.out
    assert answer.out.endswith("30 of 30 photos can be read, of 30 groups (shots of one plate are one).\n")
    assert "Cannot be read" not in answer.out and "Converted" not in answer.out


def test_settings_count_as_in_a_recipe(kfood, photos):
    answer = kfood("data", "check", photos, "--set", "data.test=0.5", "--set", "data.valid=0.5")
    assert ["김밥", "5", "5", "10", "20"] in tables(answer.out)


def test_what_cannot_be_read_and_what_is_converted_is_listed(kfood, photos):
    (photos / "김밥" / "0003.jpg").write_bytes(b"no photo")
    Image.new("CMYK", (8, 8)).save(photos / "김밥" / "0004.jpg")
    for _ in range(2):  # found, then remembered
        out = kfood("data", "check", photos).out
        assert ["JPEG", "CMYK", "1", "8", "8"] in tables(out)
        odd, _, faults = out.partition("Converted on opening")[2].partition("Left out")
        assert "converted from CMYK" in odd and "0004.jpg" in odd
        assert "cannot identify image file" in faults and "0003.jpg" in faults
        assert "29 of 30 photos can be read" in faults


def test_the_camps_second_data_set_and_decomposed_names(kfood, make_photos, here):
    folders = ("kfood_train/train", "kfood_val/val", "kfood_health_train", "kfood_health_val")
    counts = {f"{folder}/{unicodedata.normalize('NFD', label)}": n for folder in folders for label, n in COUNTS.items()}
    out = kfood("data", "check", make_photos(here / "camp", counts), "--set", "data.subset=kfood_health").out
    assert "the camp's data in kfood_health_train and kfood_health_val, 60 photos" in out
    assert ["갈비찜", "8", "2", "10", "20"] in tables(out)


def test_a_csv(kfood, photos, here):
    rows = [f"photos/김밥/{number:04}.jpg,{'가' if number % 2 else '나'}" for number in range(20)]
    (here / "mine.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    out = kfood("data", "check", "mine.csv").out
    assert ["가", "6", "2", "2", "10"] in tables(out)


def test_the_table_is_whole_where_no_photo_can_be_read(kfood, here):
    (here / "photos" / "김밥").mkdir(parents=True)
    (here / "photos" / "김밥" / "a.jpg").touch()
    answer = kfood("data", "check", "photos")
    assert answer.code == 0
    assert "0 of 1 photos can be read" in answer.out
