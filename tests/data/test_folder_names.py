"""What a folder's name says of its use."""

import pytest

from kfood.data.folder_names import is_container, is_session, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("1.Training", "train"),
        ("01_train", "train"),
        ("train_set", "train"),
        ("Train Images", "train"),
        ("학습데이터", "train"),
        ("2.Validation", "valid"),
        ("dev", "valid"),
        ("검증용", "valid"),
        ("Testing", "test"),
        ("evaluation", "test"),
        ("[test]", "test"),
        ("김밥", ""),
        ("trainer", ""),
        ("contest", ""),
        ("dataset", ""),
        ("images", ""),
        ("1", ""),
    ],
)
def test_splits_by_the_names_that_people_give_them(name, split):
    assert split_of(name) == split


@pytest.mark.parametrize(
    "name",
    ["day1", "2023", "2023-05-01", "2023_05", "1일차", "카메라2", "DCIM", "100APPLE", "IMG_01", "p3", "07"],
)
def test_names_of_a_series_are_sessions(name):
    assert is_session(name)


@pytest.mark.parametrize("name", ["김밥", "kimchi", "pickle", "2인분 김치찌개", "setup", "new york", "앞다리살"])
def test_dishes_are_not_sessions(name):
    assert not is_session(name)


@pytest.mark.parametrize("name", ["[원천]음식분류_TRAIN_001_Tra", "TS_1", "01.원천데이터", "VS2", "[라벨]음식_Val"])
def test_boxes_of_a_delivery(name):
    assert is_container(name)


@pytest.mark.parametrize("name", ["구이", "김밥", "데이터", "TSunami"])
def test_categories_are_no_boxes(name):
    assert not is_container(name)
