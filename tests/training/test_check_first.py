"""What no photo is needed to see is told before photos are drawn or opened, and before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from kfood.data.demo import demo_counts
from kfood.errors import KfoodError
from kfood.label_issues.search import find_label_issues
from kfood.pairs.trials import try_remedies
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Data
from kfood.study.session import open_session
from kfood.training.lr_find import find_learning_rate
from kfood.training.train import train
from support.small import SMALL

FAULTS = {
    "network": (["model.arch=resnet118"], 'not a network that timm knows. Did you mean "resnet18'),
    "size": (["model.arch=inception_v3"], "inception_v3 cannot take photos of data.size = 32"),
    "stages": (["model.frozen_stages=90"], "model.frozen_stages is 90, but test_resnet has"),
    "no weights": (["model.pretrained=true", "model.pretrained_file=none.pth"], "there is no file"),
    "start": (["model.start_from=mission11"], 'model.start_from = "mission11": There is no recipe "mission11"'),
    "start folder": (["model.start_from=runs/gone"], "there is no run runs/gone"),
    "class weight": (
        ["loss.class_weights.김밥밥=2"],
        'names "김밥밥", which is not a class here. Did you mean "김밥"?',
    ),
    "class": (["data.classes=김빱,라면"], 'data.classes names "김빱"'),
    "one class": (["data.classes=김밥"], "There is only one class, 김밥"),
    "batch": (["training.batch_size=4000"], "training.batch_size is 4000, but there are only"),
    "fixes": (["data.fixes=gone.csv"], "data.fixes"),
}


@pytest.fixture
def photos(make_photos, tmp_path) -> Path:
    return make_photos(tmp_path / "photos", {"김밥": 8, "라면": 8})


@pytest.fixture(autouse=True)
def no_photo_is_touched(monkeypatch):
    def touched(*args):
        raise AssertionError("a photo was drawn or opened")

    for place in ("prepare.check_photos", "demo.draw_dish", "demo.make_demo"):
        monkeypatch.setattr(f"kfood.data.{place}", touched)


@pytest.mark.parametrize("where", ["folder", "demo"])
@pytest.mark.parametrize(("settings", "said"), FAULTS.values(), ids=FAULTS)
def test_train_tells_it_first(photos, tmp_path, settings, said, where):
    recipe = load_recipe("mission1", [*SMALL, *settings], str(photos) if where == "folder" else None)
    with pytest.raises(KfoodError) as caught:
        train(recipe, tmp_path / "runs")
    assert said in str(caught.value)
    assert not list((tmp_path / "runs").rglob("*.toml"))


@pytest.mark.parametrize(("settings", "said"), FAULTS.values(), ids=FAULTS)
def test_lrfind_tells_it_first(photos, tmp_path, settings, said):
    with pytest.raises(KfoodError) as caught:
        find_learning_rate(load_recipe("mission1", [*SMALL, *settings], str(photos)), tmp_path / "runs", 1, 40)
    assert said in str(caught.value)


def test_lrfind_refuses_a_probe_alone_before_its_start_is_trained(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("kfood.training.lr_find.starting_run", None)
    frozen = [*SMALL, "training.epochs=0", "probe.epochs=2", "model.start_from=mission1"]
    with pytest.raises(KfoodError, match="trains a probe alone"):
        find_learning_rate(load_recipe("mission2", frozen, str(photos)), tmp_path / "runs", 1, 40)


def test_minutes_without_a_ladder_and_networks_of_a_ladder(photos, tmp_path):
    with pytest.raises(KfoodError, match="has no ladder"):
        train(load_recipe("mission1", SMALL, str(photos)), tmp_path / "runs", minutes=5)
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "mission1"\n[[ladder]]\n[[ladder]]\nmodel.arch = "resnet118"\n', encoding="utf-8")
    with pytest.raises(KfoodError, match="resnet118"):
        train(load_recipe(str(mine), [], str(photos)), tmp_path / "runs", minutes=5)


def test_what_a_start_needs_that_has_to_be_trained_first(photos, tmp_path):
    start = tmp_path / "start.toml"
    start.write_text('extends = "mission1"\n[model]\nfrozen_stages = 90\n', encoding="utf-8")
    recipe = load_recipe("mission2", [*SMALL, f"model.start_from={start}"], str(photos))
    with pytest.raises(KfoodError, match="model.start_from = .*model.frozen_stages is 90"):
        train(recipe, tmp_path / "runs")


@pytest.mark.parametrize(
    ("pair", "only", "settings", "said"),
    [
        (("김밥", "라면"), ("mixupp",), [], 'no remedy "mixupp". Did you mean "mixup"?'),
        (("김밥", "라멘"), (), [], 'no class "라멘"'),
        (("김밥", "라면"), (), [], "knows the two classes alone"),
        (("김밥", "라면"), (), ["model.arch=resnet118"], "resnet118"),
    ],
)
def test_remedies_tell_it_first(photos, tmp_path, pair, only, settings, said):
    base = load_recipe("mission1", [*SMALL, *settings], str(photos))
    with pytest.raises(KfoodError) as caught:
        try_remedies(base, pair, 1, tmp_path / "runs", only=only)
    assert said in str(caught.value)


def test_fixes_of_remedies_are_read_first(photos, tmp_path):
    (tmp_path / "fixes.csv").write_text("digest,action,value\nx,drop,\n")
    with pytest.raises(KfoodError, match="line 2"):
        try_remedies(load_recipe("mission1", SMALL, str(photos)), ("김밥", "라면"), 1, tmp_path, tmp_path / "fixes.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('[settings.model]\narch = "resnet118"', "resnet118"),
        ('[[tables.rows]]\nname = "b"\nchange.model.arch = "resnet118"', 'row "b" of the table t'),
        ('[settings.loss.class_weights]\n"김빱" = 2', '"김빱", which is not a class here'),
    ],
)
def test_studies_tell_it_first(photos, tmp_path, change, said):
    rows = '[[tables]]\nname = "t"\ntitle = "t"\n[[tables.rows]]\nname = "a"\n'
    head = 'recipe = "mission1"\n[settings.data]\nsize = 32\n[budgets.small]\nabout = "small"\nseeds = 1\n'
    text = f"{head}{change}\n{rows}" if change.startswith("[settings") else f"{head}{rows}{change}\n"
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KfoodError) as caught:
        open_session(str(tmp_path / "mine.toml"), [], "small", 1, str(photos), False, None, tmp_path, to_train=True)
    assert said in str(caught.value)


def test_a_row_of_a_study_about_other_dishes_is_warned_of(photos, tmp_path, caplog):
    rows = '[[tables]]\nname = "t"\ntitle = "t"\n[[tables.rows]]\nname = "a"\n'
    row = '[[tables.rows]]\nname = "b"\nchange.loss.class_weights."김빱" = 2\n'
    head = 'recipe = "mission1"\n[settings.data]\nsize = 32\n[budgets.small]\nabout = "small"\nseeds = 1\n'
    (tmp_path / "mine.toml").write_text(f"{head}{rows}{row}", encoding="utf-8")
    with pytest.raises(AssertionError, match="a photo was drawn or opened"):
        open_session(str(tmp_path / "mine.toml"), [], "small", 1, str(photos), False, None, tmp_path, to_train=True)
    assert 'row "b" of the table t will fail: loss.class_weights names "김빱"' in caplog.text


def test_a_pair_that_is_not_there_is_told_first_of_label_issues(photos):
    with pytest.raises(KfoodError, match='no class "라멘"'):
        find_label_issues(Data(root=str(photos)), ("김밥", "라멘"))


def test_the_demo_is_known_before_it_is_drawn():
    kfood, health = demo_counts("kfood"), demo_counts("kfood_health")
    assert (len(kfood), len(health)) == (42, 13)
    assert kfood["김밥"] == 33
