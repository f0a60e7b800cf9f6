"""Groups of classes: by a table, and by the folders above the class folders."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest

from kfood.data.groups import groups_by_folder, read_groups
from kfood.errors import DataError

CLASSES = ["갈비찜", "김치찌개", "된장찌개"]


def written(tmp_path, *rows: str):
    file = tmp_path / "groups.csv"
    file.write_text("\n".join(["class,group", *rows]), encoding="utf-8")
    return file


def test_a_table_gives_each_class_its_group_in_class_order(tmp_path):
    decomposed = unicodedata.normalize("NFD", "된장찌개,찌개")
    file = written(tmp_path, decomposed, "갈비찜,찜", "", "김치찌개,찌개")
    assert read_groups(file, CLASSES) == {"갈비찜": "찜", "김치찌개": "찌개", "된장찌개": "찌개"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["갈비찜,찜"], "has no group for 김치찌개, 된장찌개"),
        (["갈비찜,찜", "김치찌게,찌개"], 'line 3: "김치찌게" is none of the classes. Did you mean "김치찌개"?'),
        (["갈비찜,찜", "갈비찜,구이"], "갈비찜 is of 찜 and of 구이; a class has one group"),
        (["갈비찜,"], "line 2: 갈비찜 has no group"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, rows, words):
    with pytest.raises(DataError) as refused:
        read_groups(written(tmp_path, *rows), CLASSES)
    assert words in str(refused.value)


def test_a_table_that_is_not_there_or_has_other_columns_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv cannot be read"):
        read_groups(tmp_path / "none.csv", CLASSES)
    (tmp_path / "odd.csv").write_text("dish,group\n갈비찜,찜\n", encoding="utf-8")
    with pytest.raises(DataError, match='no column "class"'):
        read_groups(tmp_path / "odd.csv", CLASSES)


def samples(*paths: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(paths, columns=["path", "label"])


def test_the_folders_above_are_groups_in_ai_hubs_layout():
    found = groups_by_folder(
        samples(
            ("/a/찜/갈비찜/1.jpg", "갈비찜"),
            (unicodedata.normalize("NFD", "/a/찌개/김치찌개/day1/2.jpg"), "김치찌개"),
            ("/a/찌개/된장찌개/3.jpg", "된장찌개"),
            ("/a/찌개/된장찌개/4.jpg", "갈비찜"),  # a label that was put right
        ),
        CLASSES,
    )
    assert found == {"갈비찜": "찜", "김치찌개": "찌개", "된장찌개": "찌개"}


@pytest.mark.parametrize(
    "folders",
    [
        ["/a/갈비찜", "/a/김치찌개", "/a/된장찌개"],  # one group
        ["/a/train/갈비찜", "/a/test/김치찌개", "/a/train/된장찌개"],  # splits
        ["/a/찜/갈비찜", "/a/국/김치찌개", "/a/찌개/된장찌개"],  # a group each
        ["/a/찜/갈비찜", "/a/찌개/김치찌개", "/a/photos/1"],  # a class in no folder of its name
    ],
)
def test_folders_that_tell_nothing_are_no_groups(folders):
    rows = [(f"{folder}/1.jpg", name) for folder, name in zip(folders, CLASSES, strict=True)]
    assert groups_by_folder(samples(*rows), CLASSES) == {}


def test_a_class_in_two_groups_tells_nothing():
    rows = [("/a/찜/갈비찜/1.jpg", "갈비찜"), ("/a/국/갈비찜/1.jpg", "갈비찜"), ("/a/국/김치찌개/1.jpg", "김치찌개")]
    assert groups_by_folder(samples(*rows), CLASSES[:2]) == {}
