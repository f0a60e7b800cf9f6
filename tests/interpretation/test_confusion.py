"""Counts by hand; pictures that are whole whatever the number and the names of the classes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpretation import confusion
from kfood.interpretation.confusion import confusion_matrix, draw_confusion, similar_together


def predictions_of(classes: list[str], label: list[str], predicted: list[str]) -> pd.DataFrame:
    photos = pd.DataFrame({"split": "test", "label": label, "predicted": predicted})
    return photos.join(pd.DataFrame(0.0, photos.index, [f"p_{name}" for name in classes]))


def test_true_classes_in_rows_predicted_in_columns():
    matrix = confusion_matrix(predictions_of(["다", "가", "나"], ["가", "가", "나", "가"], ["가", "나", "나", "나"]))
    assert list(matrix.index) == list(matrix.columns) == ["다", "가", "나"]
    assert matrix.to_numpy().tolist() == [[0, 0, 0], [0, 1, 2], [0, 0, 1]]


def test_no_photos_give_zeros():
    matrix = confusion_matrix(predictions_of(["가", "나"], [], []))
    assert matrix.to_numpy().tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("n", "least_pixels"), [(2, 600), (13, 800), (150, 3000)])
def test_picture_grows_with_the_classes_and_cuts_nothing(tmp_path, n, least_pixels):
    classes = [f"돼지갈비찜_{number}" for number in range(n)]
    path = draw_confusion(predictions_of(classes, classes, [classes[-1], *classes[1:]]), tmp_path / "confusion.png")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) >= least_pixels
        pixels = np.asarray(picture.convert("L"))
    # Ink at the edge would be a label cut off there.
    edges = np.concatenate([pixels[:5].ravel(), pixels[-5:].ravel(), pixels[:, :5].ravel(), pixels[:, -5:].ravel()])
    assert (edges == 255).all()
    assert path.stat().st_size < 1_500_000


def test_names_are_no_formulas(tmp_path):
    classes = [r"$\frac$", "a_b^c", "<국>&"]
    path = tmp_path / "confusion.png"
    assert draw_confusion(predictions_of(classes, classes, classes), path) == path
    assert path.is_file()


def test_no_photos_make_a_picture_too(tmp_path):
    assert draw_confusion(predictions_of(["가", "나"], [], []), tmp_path / "confusion.png").is_file()


def test_look_alikes_stand_together():
    """Three groups of classes that are taken for each other, their names in turns."""
    classes = [f"{group}{number}" for number in range(3) for group in "가나다"]
    label, predicted = [], []
    for name in classes:
        group = [other for other in classes if other[0] == name[0]]
        label += [name] * 10
        predicted += [name] * 4 + group * 2
    order = similar_together(confusion_matrix(predictions_of(classes, label, predicted)))
    assert sorted(order) == sorted(classes)
    changes = sum(before[0] != after[0] for before, after in itertools.pairwise(order))
    assert changes == 2


@pytest.mark.parametrize("classes", [["가"], ["가", "나"], ["가", "나", "다"]])
def test_few_classes_and_none_confused_have_an_order_too(classes):
    assert sorted(similar_together(confusion_matrix(predictions_of(classes, classes, classes)))) == classes


def test_numbers_are_counts_or_per_cent_in_the_order_asked_for(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(confusion, "_draw_numbers", lambda axes, numbers, *_: seen.append(numbers.tolist()))
    predictions = predictions_of(["가", "나", "다"], list("가가가나다다"), list("가나나나다가"))
    path = tmp_path / "confusion.png"
    draw_confusion(predictions, path)
    draw_confusion(predictions, path, rates=True)
    assert seen == [[[1, 2, 0], [0, 1, 0], [1, 0, 1]], [[33, 67, 0], [0, 100, 0], [50, 0, 50]]]
    monkeypatch.setattr(confusion, "similar_together", lambda counts: ["다", "가", "나"])
    draw_confusion(predictions, path, similar=True)
    assert seen[-1] == [[1, 1, 0], [0, 1, 2], [0, 0, 1]]
