"""Counts by hand; pictures that are whole whatever the number and the names of the classes."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpret.confusion import confusion_matrix, draw_confusion


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
