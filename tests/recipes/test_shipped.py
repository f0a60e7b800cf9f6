"""The shipped recipes load, say what they are, and hold the report's figures."""

import re
from typing import Any

import pytest

from kfood.recipes.load import find_recipe, load_recipe, shipped_recipes, summary
from kfood.recipes.schema import Recipe

NAMES = list(shipped_recipes())


def differences(one: Recipe, other: Recipe) -> dict[str, Any]:
    """The values of `other`, by section.key, where two recipes differ in more than their names."""
    ours, theirs = one.model_dump(), other.model_dump()
    return {
        f"{section}.{key}": value
        for section, values in theirs.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if value != ours[section][key]
    }


def on_photos(name: str) -> Recipe:
    return load_recipe(name, data="photos")


@pytest.mark.parametrize("name", NAMES)
def test_recipe_loads_with_the_demo_and_with_photos(name):
    demo, photos = load_recipe(name), on_photos(name)
    assert demo.name == photos.name == name
    assert photos.data.size == {"best": 256, "scratch": 160}.get(name, 224)
    assert demo.data.size <= 96 and demo.training.epochs <= 10  # drawings are learned in minutes, without a GPU
    what_is_studied = {"model.arch", "model.head", "model.start_from", "sampling.method", "augment.transforms"}
    assert not what_is_studied & set(differences(photos, demo))


@pytest.mark.parametrize("name", NAMES)
def test_recipe_begins_with_what_it_is_the_reports_figure_our_own_and_the_command(name):
    text = find_recipe(name).read_text(encoding="utf-8")
    header = text.partition("\n\n")[0]
    assert header.startswith(f"# {name}: ")
    assert all(line.startswith("#") for line in header.splitlines())
    reported = re.search(r"^# In the report: +(.+)", header, re.MULTILINE)[1]
    assert re.search(r"\b0\.\d{4}\b", reported) or "no figure" in reported
    assert re.search(r"^# Our own result: \S", header, re.MULTILINE)
    assert re.search(rf"^# +(Run it:)? +kfood train {name} .*--data FOLDER", header, re.MULTILINE)
    assert summary(find_recipe(name)) in header.splitlines()[0]


@pytest.mark.parametrize("name", [name for name in NAMES if on_photos(name).model.start_from])
def test_what_a_recipe_starts_from_is_shipped_and_has_its_body(name):
    recipe = on_photos(name)
    assert recipe.model.start_from in NAMES
    assert on_photos(recipe.model.start_from).model.arch == recipe.model.arch


def test_no_recipe_of_the_report_uses_pretrained_weights():
    """The camp allowed none."""
    assert [name for name in NAMES if on_photos(name).model.pretrained] == ["best"]


def test_mission1():
    recipe = on_photos("mission1")
    assert (recipe.model.arch, recipe.optimizer.name, recipe.augment.transforms) == ("resnet18", "adam", ())
    assert recipe.data.valid == 0.2


def test_mission2():
    recipe = on_photos("mission2")
    optimizer, schedule = recipe.optimizer, recipe.schedule
    assert (recipe.model.arch, recipe.model.head) == ("densenet121", "dropout_bn")
    assert recipe.augment.transforms == ("random_crop", "rotation", "horizontal_flip")
    assert (optimizer.name, optimizer.betas, optimizer.eps) == ("nadam", (0.999, 0.999), 1e-8)
    assert (optimizer.lr, optimizer.weight_decay) == (0.001, 0.001)
    assert (schedule.name, schedule.min_lr) == ("cosine", 1e-5)
    assert (recipe.training.batch_size, recipe.training.early_stopping) == (64, 5)
    assert (recipe.data.subset, recipe.data.denoise) == ("kfood", "none")


def test_mission3():
    recipe = on_photos("mission3")
    optimizer = recipe.optimizer
    assert (recipe.model.arch, recipe.model.head) == ("densenet121", "plain")
    assert recipe.model.start_from == "mission2-plain-head"
    assert recipe.model.freeze_epochs == 0  # all layers are fine-tuned
    assert recipe.augment.transforms == ("random_crop", "rotation")
    assert (optimizer.name, optimizer.lr, optimizer.betas) == ("adam", 0.001, (0.9, 0.999))
    assert optimizer.weight_decay == 0
    assert (recipe.training.batch_size, recipe.schedule.name) == (16, "step")
    assert (recipe.data.subset, recipe.data.valid, recipe.sampling.method) == ("kfood_health", 0.2, "none")


def test_preliminaries():
    second, third = on_photos("mission2-preliminary"), on_photos("mission3-preliminary")
    assert second.augment.transforms == ("random_crop", "horizontal_flip")
    optimizer = second.optimizer
    assert (optimizer.name, optimizer.momentum, optimizer.nesterov, optimizer.lr) == ("sgd", 0.99, True, 0.001)
    assert second.schedule.name == "step" and optimizer.weight_decay > 0
    assert (third.model.start_from, third.sampling.method) == ("mission2-preliminary", "under")
    assert (third.optimizer.name, third.optimizer.lr, third.optimizer.weight_decay) == ("nadam", 0.001, 0.01)
    assert {second.model.arch, third.model.arch} == {"resnet18"}


@pytest.mark.parametrize(
    ("name", "base", "only"),
    [
        ("mission2-plain-head", "mission2", {"model.head": "plain"}),
        ("mission3-mixup", "mission3", {"training.mixup": 0.4}),
        ("mission3-class-weights", "mission3", {"loss.class_weights": {"갈비찜": 2.0, "돼지갈비찜": 2.0}}),
        ("mission3-oversampled", "mission3", {"sampling.method": "over"}),
        ("mission3-undersampled", "mission3", {"sampling.method": "under"}),
        ("pair", "mission3", {"data.classes": ("갈비찜", "돼지갈비찜"), "optimizer.lr": 0.0003}),
    ],
)
def test_a_variant_differs_in_what_it_says_and_in_nothing_else(name, base, only):
    assert differences(on_photos(base), on_photos(name)) == only
