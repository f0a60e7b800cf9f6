"""The schema says yes to what can be trained and no, in words, to the rest."""

import unicodedata

import pytest
from pydantic import BaseModel, ValidationError

from kfood.errors import KfoodError, RecipeError
from kfood.recipes.explain import validate
from kfood.recipes.schema import Recipe, nfc

NFD_GALBIJJIM = unicodedata.normalize("NFD", "갈비찜")


def checked(**sections) -> Recipe:
    return validate(sections, "here")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("data", {"valid": 0.0}),
        ("data", {"valid": 1.0}),
        ("data", {"test": 1.5}),
        ("data", {"split_seed": -1}),
        ("data", {"size": 31}),
        ("data", {"size": 2048}),
        ("data", {"presize": 0.5}),
        ("data", {"resize": "stretch"}),
        ("data", {"subset": "kfood_train"}),
        ("data", {"denoise": "median"}),
        ("augment", {"transforms": ["colour"]}),
        ("augment", {"min_scale": 0}),
        ("augment", {"max_degrees": 181}),
        ("augment", {"max_shear": 80}),
        ("augment", {"max_zoom": 1}),
        ("sampling", {"method": "smote"}),
        ("model", {"head": "mlp"}),
        ("model", {"dropout": 1.0}),
        ("model", {"freeze_epochs": -1}),
        ("optimizer", {"name": "lion"}),
        ("optimizer", {"lr": 0}),
        ("optimizer", {"lr": float("nan")}),
        ("optimizer", {"lr": float("inf")}),
        ("optimizer", {"betas": [0.9]}),
        ("optimizer", {"betas": [0.9, 1.0]}),
        ("optimizer", {"weight_decay": -0.1}),
        ("schedule", {"name": "plateau"}),
        ("schedule", {"step_size": 0}),
        ("schedule", {"gamma": 1.1}),
        ("loss", {"class_weights": {"갈비찜": 0}}),
        ("loss", {"label_smoothing": 1}),
        ("loss", {"gce_q": 1.1}),
        ("data", {"fixes": "a\0b"}),
        ("training", {"epochs": 0}),
        ("training", {"epochs": 2.5}),
        ("training", {"batch_size": 1}),
        ("training", {"mixup": -1}),
        ("training", {"workers": -2}),
    ],
)
def test_impossible_value_is_told_by_its_key(section, values):
    with pytest.raises(KfoodError, match=rf"^here: {section}\.{next(iter(values))}"):
        checked(**{section: values})


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("optimizer", {"nesterov": True}, "nesterov = true needs a momentum above 0"),
        (
            "training",
            {"batch_size": 4, "accumulate": 4},
            "a batch of 4 photos cannot go through the network in 4",
        ),
        ("loss", {"gce_q": 0.7, "label_smoothing": 0.1}, "are two answers to wrong labels"),
        ("model", {"pretrained_file": "w.safetensors"}, "pretrained_file needs pretrained = true"),
        ("data", {"group": "(_"}, "is not a regular expression"),
        ("data", {"group": r"^\d+"}, "needs a pair of parentheses"),
    ],
)
def test_values_that_do_not_go_together_are_explained(section, values, words):
    with pytest.raises(KfoodError) as caught:
        checked(**{section: values})
    assert words in str(caught.value)


def test_a_cosine_that_would_rise_is_refused():
    with pytest.raises(RecipeError, match="the cosine would rise from optimizer.lr = 1e-06 to schedule.min_lr = 1e-05"):
        checked(schedule={"name": "cosine"}, optimizer={"lr": 1e-6})
    assert checked(schedule={"name": "cosine", "min_lr": 1e-6}, optimizer={"lr": 1e-6}).optimizer.lr == 1e-6
    assert checked(schedule={"name": "step"}, optimizer={"lr": 1e-6}).schedule.min_lr == 1e-5  # it has no min_lr


@pytest.mark.parametrize("pattern", ["", r"^plate(\d+)"])
def test_group_may_be_empty_or_a_pattern_with_a_group(pattern):
    assert checked(data={"group": pattern}).data.group == pattern


def test_fixes_mean_the_same_file_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = checked(data={"fixes": "fixes.csv"})
    assert recipe.data.fixes == str(tmp_path / "fixes.csv")
    assert checked().data.fixes == ""


@pytest.mark.parametrize("accumulate", [1, 2, 3, 32])
def test_a_batch_may_go_through_in_parts(accumulate):
    assert checked(training={"batch_size": 64, "accumulate": accumulate}).training.accumulate == accumulate


def test_class_names_become_composed():
    recipe = checked(data={"classes": [NFD_GALBIJJIM]}, loss={"class_weights": {NFD_GALBIJJIM: 2}})
    assert recipe.data.classes == ("갈비찜",)
    assert recipe.loss.class_weights == {"갈비찜": 2.0}
    assert nfc(NFD_GALBIJJIM) == "갈비찜" != NFD_GALBIJJIM


@pytest.mark.parametrize("name", ["", ".hidden", "../elsewhere", "a/b", "a\\b"])
def test_name_cannot_lead_out_of_the_runs(name):
    with pytest.raises(KfoodError, match="^here: name"):
        checked(name=name)


def test_every_section_refuses_unknown_keys_and_later_changes():
    for name, field in Recipe.model_fields.items():
        if isinstance(field.default, BaseModel):
            with pytest.raises(KfoodError, match=rf"there is no key {name}\.zzz"):
                checked(**{name: {"zzz": 1}})
            with pytest.raises(ValidationError):
                setattr(getattr(Recipe(), name), next(iter(type(field.default).model_fields)), 1)


def test_several_faults_are_all_told():
    with pytest.raises(KfoodError) as caught:
        checked(data={"size": 1}, training={"epochs": -1})
    assert "data.size = 1" in str(caught.value)
    assert "training.epochs = -1" in str(caught.value)
