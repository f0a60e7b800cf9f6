"""Everything said of a run comes from its predictions, also when photos or files are gone."""

import shutil

import pandas as pd
import pytest
from PIL import Image

from kfood.errors import KfoodError
from kfood.interpretation import cam
from kfood.interpretation.interpret import FIGURES, interpret_run
from kfood.interpretation.section import Request
from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.system.files import write_csv
from kfood.training import restore
from kfood.training.train import train

pytestmark = pytest.mark.slow

SMALL = ("model.arch=mobilenetv3_small_050", "data.size=64", "training.epochs=1", "training.batch_size=8")
OF_THE_MODEL = ("cam", "colour")


@pytest.fixture(scope="module")
def trained(make_photos, tmp_path_factory):
    place = tmp_path_factory.mktemp("interpret")
    photos = make_photos(place / "photos", {"갈비찜": 20, "김밥": 20, "돼지갈비찜": 20})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KFOOD_CACHE", str(place / "cache"))
        return train(load_recipe("mission1", SMALL, str(photos)), place / "runs")


@pytest.fixture
def copied(trained, tmp_path):
    """The run, to be damaged."""
    return Run(shutil.copytree(trained.folder, tmp_path / "elsewhere"))


def by_name(sections):
    return {section.name: section for section in sections}


def recoloured_of(run):
    """What would have been predicted in other colours, had they changed nothing."""
    table = run.predictions.query("split == 'test'")[["path", "label", "predicted"]]
    return table.assign(grey=table["predicted"], other_hue=table["predicted"])


@pytest.mark.slow
def test_every_topic_is_shown(trained):
    found = by_name(interpret_run(trained, list(FIGURES)))
    assert list(found) == list(FIGURES)
    assert not any(section.missing for section in found.values())
    for section in found.values():
        assert section.figures
        assert all(min(Image.open(figure).size) > 200 for figure in section.figures.values())
    n = trained.metrics["test"]["n"]
    assert found["per-class"].tables["By class (95 % interval of recall)"]["n"].sum() == n
    assert found["top-losses"].tables["Highest losses"]["loss"].is_monotonic_decreasing
    answered = found["calibration"].tables[
        "Accuracy by share of photos answered (95 % intervals for all rows together)"
    ]
    assert answered["accuracy"].iloc[-1] == pytest.approx(trained.metrics["test"]["accuracy"])
    assert f"Accuracy {trained.metrics['test']['accuracy']:.2%}, without colour" in found["colour"].text[0]
    assert "Faithfulness" in " ".join(found["cam"].text)


def test_pictures_predict_nothing_anew(trained, monkeypatch):
    monkeypatch.setattr(restore, "evaluation_learner", lambda *_: pytest.fail("the model was asked"))
    chosen = [name for name in FIGURES if name not in OF_THE_MODEL]
    sections = interpret_run(trained, chosen, Request("valid", 4))
    assert not any(section.missing for section in sections)


def test_what_was_predicted_in_other_colours_is_kept(trained, monkeypatch):
    first = interpret_run(trained, ["colour"], Request("valid"))
    monkeypatch.setattr(restore, "evaluation_learner", lambda *_: pytest.fail("the model was asked"))
    second = interpret_run(trained, ["colour"], Request("valid"))
    (title,) = first[0].tables
    pd.testing.assert_frame_equal(first[0].tables[title], second[0].tables[title])


def test_galleries_of_a_class_and_of_a_pair(trained):
    whole = trained.predictions.query("split == 'test'")
    (section,) = interpret_run(trained, ["top-losses"], Request(n=100, of="김밥"))
    (table,) = section.tables.values()
    assert set(table["label"]) == {"김밥"}
    assert len(table) == (whole["label"] == "김밥").sum()
    pair = {"갈비찜", "돼지갈비찜"}
    (section,) = interpret_run(trained, ["top-losses"], Request(n=100, pair=("돼지갈비찜", "갈비찜")))
    ((title, table),) = section.tables.items()
    between = whole[whole["label"].isin(pair) & whole["predicted"].isin(pair) & (whole["label"] != whole["predicted"])]
    assert len(table) == len(between)
    assert title == "Highest losses between 돼지갈비찜 and 갈비찜"
    (path,) = section.figures.values()
    assert path.name == "test-top-losses-돼지갈비찜-갈비찜.png"


@pytest.mark.parametrize("methods", [("cam",), ("cam", "integrated-gradients")])
def test_maps_of_any_photo(trained, tmp_path, methods):
    photo = tmp_path / "mine.png"
    Image.new("RGB", (90, 70), "brown").save(photo)
    (section,) = interpret_run(trained, ["cam"], Request(photo=photo, methods=methods))
    (table,) = section.tables.values()
    assert set(table.loc[0, ["predicted", "second", "third"]]) == {"갈비찜", "김밥", "돼지갈비찜"}
    suffix = "" if methods == ("cam",) else "-cam-integrated-gradients"
    name = section.figures["this photo"].name
    assert name.startswith("cam-mine-") and name.endswith(f"{suffix}.png")
    assert section.figures["this photo"].is_file()


@pytest.mark.slow
def test_methods_side_by_side_are_each_judged(trained):
    (section,) = interpret_run(trained, ["cam"], Request(n=3, methods=("occlusion", "layercam")))
    assert {path.name for path in section.figures.values()} == {
        "test-cam-occlusion.png",
        "test-cam-top-losses-occlusion.png",
        "test-cam-methods-occlusion-layercam.png",
    }
    assert all(figure.is_file() for figure in section.figures.values())
    for method, said in zip(("occlusion", "layercam"), section.text, strict=True):
        assert f'Faithfulness of the maps ("{method}", 8 x 8 cells' in said
        assert "97.5 % intervals" in said  # two methods
    assert [title.split(":")[0] for title in section.tables] == ["occlusion", "layercam"]


def test_side_by_side_every_map_stands_under_its_method(trained, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(cam, "draw_grid", lambda rows, *_: drawn.extend(rows))
    some = trained.predictions.query("split == 'test'").head(2)
    cam.draw_methods(trained, some, ("cam", "layercam"), "", tmp_path / "methods.png")
    for (_, tiles), label, predicted in zip(drawn, some["label"], some["predicted"], strict=True):
        captions = [tile.caption for tile in tiles]
        assert captions == [f"{label}\n⟶ {predicted}", "cam", "layercam"]


def test_shots_of_one_plate_are_judged_as_one(trained, monkeypatch):
    judged = []
    monkeypatch.setattr(cam, "faithfulness", lambda *parts: judged.append(parts[1]))
    predictions = trained.predictions  # of both splits, to have enough
    plates = predictions.assign(group=[number // 2 for number in range(len(predictions))])
    _, n = cam.judge_maps(trained, plates)
    assert n == len(judged[0]) == plates["group"].nunique()
    few = predictions.assign(group=[number % 3 for number in range(len(predictions))])
    assert cam.judge_maps(trained, few) == (None, 3)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Request("tset"), 'no predictions for "tset". Did you mean "test"'),
        (Request(of="갈비"), 'The run has no class "갈비". Did you mean "갈비찜"'),
        (Request(pair=("김밥", "김밥")), "both are 김밥"),
        (Request(pair=("김밥", "라면")), 'The run has no class "라면"'),
    ],
)
def test_what_is_not_there_is_named_before_anything_is_drawn(copied, asked, words):
    shutil.rmtree(copied.figures)
    with pytest.raises(KfoodError, match=words):
        interpret_run(copied, ["top-losses"], asked)
    assert not copied.figures.exists()


def test_photos_that_are_gone_leave_everything_else(trained, copied, tmp_path):
    for kept in copied.folder.glob("colour-*.csv"):
        kept.unlink()
    copied.checksums.file.unlink()  # or the table that is put here would be another than the one it knows
    photos = trained.recipe.data.root
    shutil.move(photos, tmp_path / "moved")
    try:
        found = by_name(interpret_run(copied, list(FIGURES)))
        write_csv(copied.folder / "colour-test.csv", recoloured_of(copied))
        (known,) = interpret_run(copied, ["colour"])
    finally:
        shutil.move(tmp_path / "moved", photos)
    assert not known.missing and "colours cannot be compared" in known.text[-1]
    n = trained.metrics["test"]["n"]
    assert {name for name, section in found.items() if section.missing} == {"colour"}
    assert f"{n} of {n} photos are not where they were" in found["colour"].missing
    for name in ("top-losses", "wrong", "cam"):
        assert "not where they were; they are grey tiles here" in " ".join(found[name].text)


@pytest.mark.parametrize("damage", ["missing", "cut", "another"])
def test_a_damaged_model_is_named_and_the_rest_stands(copied, damage):
    weights = copied.weights_file
    if damage == "missing":
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-9])
    else:
        copied.model_file.write_text('{"arch": "resnet18"}')
    found = by_name(interpret_run(copied, ["cam", "confusion"]))
    assert "model." in found["cam"].missing
    assert not found["confusion"].missing and found["confusion"].figures


@pytest.mark.parametrize("content", ["", "path,split\n", "\x00\x01", "path,split,label\n1,2\n3,4,5,6,7\n"])
def test_damaged_predictions_are_named(copied, content):
    copied.predictions_file.write_text(content)
    with pytest.raises(KfoodError, match=r"predictions\.csv is damaged"):
        interpret_run(copied, ["confusion"])


def test_missing_predictions_are_named(copied):
    copied.predictions_file.unlink()
    with pytest.raises(KfoodError, match=r"predictions\.csv is missing"):
        interpret_run(copied, ["confusion"])
