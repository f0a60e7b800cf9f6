"""What 8 bits cost is said, first of all where they are worse or slower; and what differs from recorded answers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kfood.exporting import proof
from kfood.exporting.comparison import Answers
from kfood.exporting.proof import prove_equal, say_what_it_costs

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


@pytest.mark.parametrize(
    ("precision", "form"),
    [
        ("bfloat16", ", computed in bfloat16"),
        ("bfloat16, predicting float32", ", computed in float32"),
        ("", ""),
    ],
)
def test_recorded_answers_that_differ_are_counted_and_no_reason_to_refuse(monkeypatch, tmp_path, precision, form):
    photos = pd.DataFrame({"path": [f"{number}.jpg" for number in range(200)]})
    numbers = np.arange(200) % 2
    same = answers(np.ones(200, bool), numbers, 0.01)
    monkeypatch.setattr(proof, "judged_photos", lambda run: photos)
    monkeypatch.setattr(proof, "answers_of_run", lambda run, rows: same)
    monkeypatch.setattr(proof, "answers_of_file", lambda model, rows: same)
    file = tmp_path / "predictions.csv"
    recorded = photos.assign(predicted=[MODEL.classes[number] for number in numbers])
    recorded.loc[:2, "predicted"] = MODEL.classes[::-1] + MODEL.classes[1:]
    run = SimpleNamespace(name="a", predictions_file=file, predictions=recorded, precision=precision)
    assert len(prove_equal(run, MODEL)[1]) == 2  # it is not there
    file.touch()
    said = prove_equal(run, MODEL)[1]
    assert said[2:] == [f"Of the 200 answers in predictions.csv{form}, 3 differ from those of model.onnx."]
    run.predictions = recorded[::-1]  # of other photos
    assert len(prove_equal(run, MODEL)[1]) == 2
