"""The plan counts each training once, in the first table that needs it."""

from kfood.study.status import study_cost
from kfood.training.time_plan import Rates


def test_rows_trainings_epochs_photos_and_hours(session, monkeypatch):
    monkeypatch.setattr(Rates, "seconds", lambda self, recipe, samples: 36.0)
    cost = study_cost(session).set_index("table")
    (training, *_) = session.progress().trainings.values()
    learned = (session.terms.photos.samples(training.recipe.data)["split"] == "train").sum()
    assert 20 < learned < 40
    first, second = cost.loc["batch-size"], cost.loc["loss"]
    assert (first["rows"], first["trainings"], first["epochs"]) == (3, 6, 12)  # 2 seeds of 2 epochs each
    # The first row of the second table is the first table's choice, which is trained already.
    assert (second["rows"], second["trainings"], second["epochs"]) == (2, 2, 4)
    assert abs(first["million photos"] * 1e6 - 12 * learned) < 1e-6 and abs(first["hours"] - 0.06) < 1e-12
