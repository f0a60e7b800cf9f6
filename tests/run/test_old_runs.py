"""A run that version 0.1 made, before keys and files were renamed, is read, explained and used as ever.

It was trained on the demo's drawings: kfood train pair with model.start_from= model.arch=test_efficientnet
data.size=32 training.epochs=2 model.mirror=true.
"""

import json
import shutil
from pathlib import Path

import pytest

import kfood
from kfood.evaluation.metrics import summarise
from kfood.evaluation.predictions import of_split
from kfood.model.saved import read_description

MADE = Path(__file__).parent / "made_by_version_0_1"
# What version 0.1 itself says of the photos that are drawn below.
SAID = {
    "갈비찜/0000.jpg": 0.509293,
    "갈비찜/0001.jpg": 0.508319,
    "돼지갈비찜/0000.jpg": 0.507021,
    "돼지갈비찜/0001.jpg": 0.506697,
}


@pytest.fixture
def run(tmp_path):
    return kfood.load_run("pair", shutil.copytree(MADE, tmp_path / "old runs"))


def test_its_tables_and_its_renamed_keys_are_read(run):
    assert run.status == "done" and run.checksums.file.name == "seals.json"
    assert run.recipe.model.hflip_tta and run.recipe.loss.gce_q == 0
    assert len(run.history) == 2 and set(run.samples["split"]) == {"train", "valid", "test"}
    again = summarise(of_split(run.predictions, "test"))
    assert again["correct"] == run.metrics["test"]["correct"] and again["n"] == 43


def test_it_answers_as_it_did(run, make_photos, tmp_path):
    table = kfood.predict(make_photos(tmp_path / "photos", {"갈비찜": 2, "돼지갈비찜": 2}), run)
    assert {"/".join(Path(path).parts[-2:]) for path in table["path"]} == set(SAID)
    probability = table["predicted_probability"].where(table["predicted"] == "갈비찜", table["second_probability"])
    assert probability.to_numpy() == pytest.approx(list(SAID.values()), abs=2e-3)
    assert run.predictor.model.hflip_tta


def test_a_damaged_file_is_still_noticed(run):
    run.history_file.write_text(run.history_file.read_text() + "3,1,1,1,1,1\n")
    with pytest.raises(kfood.RunError, match=r"history\.csv is damaged.*seals\.json"):
        _ = run.history


def test_it_can_be_compared_and_shown(run):
    comparison = kfood.compare(run, run)
    assert "cannot be told apart" in comparison.verdicts[0]
    assert "confusion" in {section.name for section in kfood.interpret(run, "confusion")}


def test_the_description_of_a_cascade_is_read_with_the_keys_of_both_networks(run, tmp_path):
    one = json.loads(run.model_file.read_text(encoding="utf-8"))
    assert one["mirror"] is True
    about = tmp_path / "model.json"
    about.write_text(json.dumps({"main": one, "specialist": one, "margin": 0.5}), encoding="utf-8")
    described = read_description(about)
    assert described.main.hflip_tta and described.specialist.hflip_tta
