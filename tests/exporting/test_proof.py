"""What 8 bits cost is said, and first of all where they are worse or slower."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kfood.exporting import proof
from kfood.exporting.comparison import Answers
from kfood.exporting.proof import say_what_it_costs

MODEL = SimpleNamespace(classes=["갈비찜", "김밥"])


def answers(right: np.ndarray, labels: np.ndarray, seconds: float) -> Answers:
    sure = np.where(right, labels, 1 - labels)
    return Answers(np.where(np.arange(2) == sure[:, None], 0.9, 0.1), seconds)


@pytest.fixture
def said(monkeypatch, caplog):
    """Return a function that gives the lines said of 200 photos, of which float32 has 180 right and int8 so many."""

    def say(right_in_int8: int, seconds_in_int8: float) -> list[str]:
        labels = np.arange(200) // 2 % 2
        photos = pd.DataFrame({"path": [f"{number}.jpg" for number in range(200)]})
        photos["label"] = [MODEL.classes[label] for label in labels]
        photos["split"] = ["valid", "test"] * 100
        exact, rounded = (
            answers(np.arange(200) < right, labels, seconds)
            for right, seconds in ((180, 0.02), (right_in_int8, seconds_in_int8))
        )
        monkeypatch.setattr(proof, "judged_photos", lambda run: photos)
        monkeypatch.setattr(proof, "answers_of_file", lambda model, rows: rounded)
        with caplog.at_level("INFO", "kfood"):
            say_what_it_costs(SimpleNamespace(), exact, MODEL)
        return [record.getMessage() for record in caplog.records]

    return say


def test_as_right_and_faster(said):
    lines = said(180, 0.01)
    assert not [line for line in lines if "worse" in line]
    assert lines[0].startswith("Accuracy on valid (100 photos): 0.900 in float32, 0.900 in int8; difference +0.000 (")
    assert "0.0200 in float32, 0.0100 in int8: 2.00 x as fast." in lines[2]
    assert lines[-1].startswith("0 of 200 first answers change")


def test_fewer_right_is_said_first(said):
    lines = said(160, 0.01)
    assert lines[0].startswith("int8 is worse here: Accuracy on valid (100 photos): 0.900 in float32, 0.800 in int8")
    assert lines[1].startswith("int8 is worse here: Accuracy on test") and "p = 0.002" in lines[1]
    assert "20 of 200 first answers change" in lines[-1]


def test_slower_is_said_first(said):
    lines = said(180, 0.03)
    assert lines[0].startswith("int8 is worse here: Seconds a photo") and "0.67 x as fast" in lines[0]
