"""Photos with the colours of another class are counted, by hand."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import fisher_exact

from kfood.interpretation.colour_claim import colour_claim, colour_distances, colour_histogram


def test_colours_are_counted_whatever_their_place():
    half = Image.new("RGB", (20, 20), "red")
    half.paste("blue", (0, 0, 10, 20))
    squares = colour_histogram(half) ** 2
    assert squares.sum() == pytest.approx(1)
    assert sorted(squares[squares > 0]) == pytest.approx([0.5, 0.5])
    other = Image.new("RGB", (20, 20), "red")
    other.paste("blue", (0, 0, 20, 10))
    np.testing.assert_allclose(colour_histogram(other), colour_histogram(half))


def predictions_of(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Paths, labels and predicted classes; of right photos 나 (or 가) is the second most probable."""
    table = pd.DataFrame(rows, columns=["path", "label", "predicted"])
    for name in ("가", "나", "다"):
        table[f"p_{name}"] = np.where(table["predicted"] == name, 0.8, 0.0 if name == "다" else 0.2)
    return table.assign(split="test", probability=0.8, loss=0.2)


def histogram(colour: str) -> np.ndarray:
    return colour_histogram(Image.new("RGB", (8, 8), colour))


def test_wrong_photos_with_the_colours_of_the_wrong_class_are_counted():
    rows = [(f"red{number}", "가", "가") for number in range(8)]
    rows += [(f"blue{number}", "나", "나") for number in range(8)]
    rows += [(f"odd{number}", "가", "나") for number in range(6)]  # 가, but blue
    colours = {path: histogram("blue" if path.startswith(("blue", "odd")) else "red") for path, _, _ in rows}
    distances = colour_distances(predictions_of(rows), colours)
    blue = distances[distances["path"] == "blue0"].iloc[0]
    assert (blue["other"], blue["right"]) == ("가", True)
    assert blue["to_own"] == pytest.approx(0, abs=1e-6)
    odd = distances[distances["path"] == "odd0"].iloc[0]
    assert (odd["other"], odd["right"]) == ("나", False)
    assert odd["to_other"] == pytest.approx(0, abs=1e-6)
    # of the other 13 photos of its class 5 are blue: 1 - sqrt(5 / 13), and its root
    assert odd["to_own"] == pytest.approx(np.sqrt(1 - np.sqrt(5 / 13)))
    claim = colour_claim(distances)
    assert (claim.wrong, claim.wrong_nearer, claim.right, claim.right_nearer) == (6, 6, 16, 0)
    assert claim.p == pytest.approx(fisher_exact([[6, 0], [0, 16]]).pvalue)
    assert "100%" in str(claim) and "the wrong photos share its colours" in str(claim)


def test_wrong_photos_with_colours_of_their_own_class_speak_against_the_claim():
    rows = [(f"red{number}", "가", "가") for number in range(8)] + [
        (f"blue{number}", "나", "나") for number in range(8)
    ]
    rows += [(f"odd{number}", "가", "나") for number in range(3)]
    colours = {path: histogram("blue" if path.startswith("blue") else "red") for path, _, _ in rows}
    claim = colour_claim(colour_distances(predictions_of(rows), colours))
    assert (claim.wrong, claim.wrong_nearer) == (3, 0)
    assert "cannot be told from chance" in str(claim)


def test_photos_without_a_histogram_and_classes_of_one_photo_are_left_out():
    predictions = predictions_of([("a", "가", "가"), ("b", "나", "나"), ("c", "나", "나"), ("gone", "다", "나")])
    distances = colour_distances(predictions, {path: histogram("red") for path in "abc"})
    assert distances["path"].tolist() == ["a", "b", "c"]
    assert np.isnan(distances.loc[0, "to_own"])
    assert "cannot be compared" in str(colour_claim(distances))


def test_classes_of_one_photo_have_no_colours_to_compare_with():
    names = [f"c{number}" for number in range(4)]
    table = pd.DataFrame({"path": names, "label": names, "predicted": ["c0", "c1", "c3", "c2"]})
    table = table.assign(**{f"p_{name}": 0.25 for name in names})
    claim = colour_claim(colour_distances(table, dict.fromkeys(names, np.full(1024, 1 / 32))))
    assert "Of 4 photos the class, or the one they were taken for, has no other photo" in str(claim)
