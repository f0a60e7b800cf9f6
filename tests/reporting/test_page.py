"""One file that holds everything, says what the run says, and can be harmed by no name."""

import base64
import hashlib
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from kfood.errors import KfoodError
from kfood.evaluation.compare import compare_runs
from kfood.evaluation.metrics import per_class
from kfood.evaluation.predictions import of_split
from kfood.interpretation.section import Section
from kfood.reporting import page as page_module
from kfood.reporting.page import write_report
from kfood.reporting.render import script_json
from kfood.run.folder import Run
from support.fake_run import fake_run
from support.html_page import read_page

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    '"><b>bold</b>',
    "{{ 7 * 7 }}&amp;'`${1}",
    "김밥\u202egnp.\u2028]]>",
]


DISHES = {"갈비찜": 14, "김밥": 10, "라면": 12}


def figure(tmp_path):
    path = tmp_path / "figure.png"
    Image.new("RGB", (500, 250), "teal").save(path)
    return path


def sections_of(run, tmp_path):
    table = per_class(of_split(run.predictions, "test")).reset_index(names="class")
    return [
        Section("per-class", "By class", ["Two sentences.", "On lines of their own."], {"Recall": table}),
        Section("confusion", "Confusion", [], {}, {"The matrix": figure(tmp_path)}),
        Section("cam", "Where the network looks", missing="The weights are gone."),
    ]


def test_the_head_says_what_the_metrics_say(one_run, page_of):
    test = one_run.metrics["test"]
    text = page_of(one_run).text
    assert f"Accuracy {test['accuracy']:.1%} 95% interval {test['accuracy_low']:.1%} to" in text
    assert f"{test['correct']} of {test['n']} photos right" in text
    assert f"Macro-F1 {test['macro_f1']:.3f}" in text
    assert f"Loss {test['loss']:.3f}" in text
    low, high = test["balanced_accuracy_low"], test["balanced_accuracy_high"]
    assert f"Balanced accuracy {test['balanced_accuracy']:.3f} 95% interval {low:.3f} to {high:.3f}" in text
    assert "Epochs 3 best on validation: epoch 2" in text
    assert "Trained 23 November 2026, 14:55" in text


def test_the_other_split_is_shown_where_it_is_asked_for(one_run, page_of):
    page = page_of(one_run, split="valid")
    assert f"{one_run.metrics['valid']['accuracy']:.1%}" in page.text
    assert "Results on the validation photos" in page.text
    assert len(page.gallery["paths"]) == one_run.metrics["valid"]["n"]


def test_sections_stand_in_their_order_with_all_they_hold(one_run, page_of, tmp_path):
    page = page_of(one_run, sections={one_run.name: sections_of(one_run, tmp_path)})
    text = page.text
    links = [attributes["href"] for attributes in page.named("a")][1:]
    identities = [attributes["id"] for attributes in page.named("section")]
    assert links == [f"#{identity}" for identity in identities]
    assert links[:3] == ["#results", "#recipe", "#curves"] and links[-1] == "#photos"
    assert re.search("Two sentences. On lines of their own.*The matrix.*The weights are gone.", text)
    (picture,) = page.named("img")
    assert picture["alt"] == "Confusion: The matrix"
    content = base64.b64decode(picture["src"].removeprefix("data:image/png;base64,"))
    assert content == (tmp_path / "figure.png").read_bytes()
    for row in per_class(of_split(one_run.predictions, "test")).itertuples():
        assert f"{row.Index} {row.n} {row.correct} {row.recall:.3f} {row.recall_low:.3f}" in text


def test_pictures_of_photos_are_made_small_and_stay_as_they_look(one_run, page_of, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    noisy = np.clip(pixels + np.random.default_rng(1).normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "photos.png")
    section = Section("top-losses", "Photos", [], {}, {"photos": tmp_path / "photos.png"})
    (picture,) = page_of(one_run, sections={one_run.name: [section]}).named("img")
    kind, _, content = picture["src"].partition(";base64,")
    content = base64.b64decode(content)
    assert kind == "data:image/webp"
    assert len(content) < (tmp_path / "photos.png").stat().st_size / 2
    shown = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)
    assert shown.shape == noisy.shape
    assert np.abs(shown - noisy).mean() < 12
    assert (picture["width"], picture["height"]) == ("512", "384")


def test_a_picture_that_is_gone_is_named(one_run, page_of, tmp_path):
    section = Section("top-losses", "Photos", [], {}, {"the nine": tmp_path / "gone.png"})
    page = page_of(one_run, sections={one_run.name: [section]})
    assert "The picture “ the nine ” is not there." in page.text
    assert page.named("img") == []


def test_the_whole_recipe_environment_and_history_can_be_read(one_run, page_of):
    text = page_of(one_run).text
    for section, settings in one_run.recipe.model_dump(exclude={"name", "ladder"}).items():
        assert section in text
        assert all(key in text for key in settings)
    assert "lr 0.001" in text or f"lr {one_run.recipe.optimizer.lr}" in text
    assert "torch 2.14.1" in text and "eedccbb60ddd02db" in text and "kfood train mission1" in text
    assert "3 5e-08 0.650 0.770 0.800 2.100" in text


def test_nothing_comes_from_anywhere_else(one_run, page_of, tmp_path):
    page = page_of(one_run, sections={one_run.name: sections_of(one_run, tmp_path)})
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "data"):
            assert re.match("data:|#|$", attributes.get(name) or "")
        assert not any(name.startswith("on") for name in attributes)
    whole = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"@import|url\((?!data:)|https?://", whole)
    policies = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv")]
    assert policies and policies[0].startswith("default-src 'none'")
    assert "unsafe-inline" not in policies[0].partition("script-src")[2]
    digest = base64.b64encode(hashlib.sha256(page.scripts[""].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policies[0]


def test_names_cannot_become_markup(tmp_path, page_of):
    def report(names, file_name):
        folder = tmp_path / f"{len(names[0])}"
        run = fake_run(folder / "r" / "1", folder / "photos", names, file_name=file_name, draw=False)
        table = per_class(of_split(run.predictions, "test")).reset_index(names="class")
        texts = Section("topic", names[0], [names[1]], {names[2]: table}, {names[1]: tmp_path / "gone.png"}, names[0])
        return page_of(run, sections={run.name: [texts]}), run

    def shape(page):  # all but what may differ: the text inside attributes, and where links lead
        return [(name, sorted(attributes)) for name, attributes in page.elements]

    file_name = "\u202e'{}\"><script>alert(1)</script>.jpg"
    hostile, run = report(HOSTILE, file_name)
    harmless, _ = report(["가", "나", "다", "라"], "{}.jpg")
    assert shape(hostile) == shape(harmless)
    assert hostile.gallery["classes"] == HOSTILE
    folder, paths = hostile.gallery["folder"], hostile.gallery["paths"]
    assert [folder + path for path in paths] == of_split(run.predictions, "test")["path"].tolist()
    assert all(name.replace("\u2028", " ") in hostile.text.replace("\u2028", " ") for name in HOSTILE)


def test_json_inside_a_script_says_the_same_and_ends_no_script():
    text = script_json({name: name for name in HOSTILE})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {name: name for name in HOSTILE}
    with pytest.raises(ValueError):
        script_json(float("nan"))


def test_photos_that_are_gone_are_counted_and_everything_else_stands(one_run, page_of):
    assert "could not be found" not in page_of(one_run).text
    first, *rest = of_split(one_run.predictions, "test")["path"]
    shutil.move(first, first + ".moved")
    page = page_of(one_run)
    assert f"1 of {len(rest) + 1} photos could not be found or read" in page.text
    assert page.thumbnails[0] == 0
    assert all(isinstance(content, str) and content for content in page.thumbnails[1:])
    shutil.rmtree(one_run.recipe.data.root)
    page = page_of(one_run)
    assert set(page.thumbnails) == {0}
    assert len(page.gallery["paths"]) == len(rest) + 1


def test_without_photos_none_is_opened(one_run, page_of, monkeypatch):
    monkeypatch.setattr(page_module, "make_thumbnails", lambda *_: pytest.fail("a photo was opened"))
    page = page_of(one_run, photos=False)
    assert page.thumbnails == []
    assert len(page.gallery["paths"]) == one_run.metrics["test"]["n"]


def test_four_thousand_photos_stay_under_fifteen_megabytes(tmp_path, monkeypatch):
    names = [f"음식{number}" for number in range(100)]
    long_name = "02_021_02011038_160525637187327_{}.jpg"
    photos = tmp_path / "photos"
    run = fake_run(tmp_path / "r" / "1", photos, names, 40, only_test=True, draw=False, file_name=long_name)
    rng = np.random.default_rng(0)

    def noisy(path, area, side, quality):  # what hardly shrinks at all
        return rng.bytes(side * side // 3)

    make = page_module.make_thumbnails
    monkeypatch.setattr(page_module, "make_thumbnails", lambda table, budget: make(table, budget, noisy))
    Image.fromarray(rng.integers(0, 255, (600, 1000, 3), np.uint8)).save(tmp_path / "large.png")  # 1.8 MB
    large = Section("large", "Large", [], {}, {"noise": tmp_path / "large.png"})
    out = write_report([run], {run.name: [large]}, tmp_path / "report.html", "test")
    assert 10e6 < out.stat().st_size < 15e6
    page = read_page(out)
    assert len(page.thumbnails) == 4000 and page.thumbnails.count(0) == 0
    if left_out := page.thumbnails.count(1):
        assert f"{left_out:,} of 4,000 photos, those of lowest loss, are listed without a picture" in page.text


def test_several_runs_stand_side_by_side(tmp_path, page_of):
    photos = tmp_path / "photos"
    runs = [
        fake_run(tmp_path / "runs" / "mission1" / name, photos, DISHES, seed=seed, settings=settings)
        for seed, (name, settings) in enumerate({"first": (), "second": ("optimizer.lr=0.07",)}.items())
    ]
    only_first = Section("alone", "Only of the first", ["Said once."])
    both = [Section("both", "Of both", [f"said of {run.name}"]) for run in runs]
    page = page_of(*runs, sections={runs[0].name: [both[0], only_first], runs[1].name: [both[1]]})
    text = page.text
    comparison = compare_runs(runs)
    assert all(sentence in text for sentence in comparison.verdicts)
    for row in comparison.results.itertuples():
        numbers = f"{row.accuracy:.1%} {row.accuracy_low:.1%} to {row.accuracy_high:.1%} {row.n} {row.macro_f1:.3f}"
        assert f"{row.run} {numbers} {row.loss:.3f}" in text
    assert comparison.differences["key"].tolist() == ["optimizer.lr"]
    assert f"optimizer.lr {runs[0].recipe.optimizer.lr} 0.07" in text
    assert f"said of {runs[0].name} {runs[1].name} said of {runs[1].name}" in text
    assert "Said once. mission1/second There is nothing on this for this run." in text
    assert [run["name"] for run in page.gallery["runs"]] == [run.name for run in runs]
    assert len(page.thumbnails) == runs[0].metrics["test"]["n"]  # each photo once


def test_runs_that_cannot_be_shown(one_run, page_of, tmp_path):
    with pytest.raises(KfoodError, match='no predictions for "tset". Did you mean "test"'):
        page_of(one_run, split="tset")
    with pytest.raises(KfoodError, match="named twice"):
        page_of(one_run, one_run)
    (tmp_path / "file").write_text("")
    with pytest.raises(KfoodError, match="cannot be written"):
        write_report([one_run], {}, tmp_path / "file" / "report.html", "test", photos=False)


@pytest.mark.parametrize("name", ["history.csv", "samples.csv", "environment.json", "metrics.json"])
@pytest.mark.parametrize("damage", ["missing", "binary"])
def test_a_damaged_file_is_named_and_the_rest_stands(tmp_path, name, damage):
    run = fake_run(tmp_path / "runs" / "mission1" / "one", tmp_path / "photos", DISHES)
    whole = run.metrics["test"]
    (run.folder / name).unlink() if damage == "missing" else (run.folder / name).write_bytes(b"\x00\xff{")
    page = write_report([Run(run.folder)], {}, tmp_path / "report.html", "test").read_text(encoding="utf-8")
    assert f"{run.folder / name} is {'missing' if damage == 'missing' else 'damaged'}" in page
    assert f"{whole['correct']:,} of {whole['n']:,} photos right" in page
