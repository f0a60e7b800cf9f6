"""What the page says beyond the topics of interpretation."""

from types import SimpleNamespace

from kfood.reporting.runs_page import _networks

TRIED = [
    {"arch": "resnet18", "words": "its weights are not at hand: the hub does not answer", "seconds": 0.0},
    {"arch": "resnet10t", "words": "probed", "seconds": 3.2, "accuracy": 0.8, "log_loss": 0.61},
    {"arch": "resnet10t", "words": "taken", "seconds": 3.2, "accuracy": 0.8, "log_loss": 0.61},
]


def test_every_network_that_was_tried_is_a_row_with_what_came_of_it():
    (section,) = _networks(SimpleNamespace(metrics={"portfolio": TRIED}))
    table = section.tables["networks"]
    assert table["network"].tolist() == ["resnet18", "resnet10t", "resnet10t"]
    assert table["what came of it"].tolist() == [each["words"] for each in TRIED]
    assert table["accuracy"].isna().tolist() == [True, False, False]
    assert "neither validation nor test photos took part" in section.text[0]


def test_a_run_that_was_given_its_network_says_nothing_of_it():
    assert _networks(SimpleNamespace(metrics={})) == []
    assert _networks(SimpleNamespace(metrics={"portfolio": []})) == []
