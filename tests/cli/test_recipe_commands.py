"""`kfood recipe ls | show | cp | check`."""

import sys

import pytest

from kfood.recipes.load import find_recipe, load_recipe, shipped_recipes, summary
from kfood.recipes.schema import Recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_ls_has_a_line_for_each_recipe(kfood):
    lines = kfood("recipe", "ls").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(shipped_recipes())
    for line, path in zip(lines, shipped_recipes().values(), strict=True):
        assert line.endswith(summary(path))


def test_show_prints_the_file(kfood):
    answer = kfood("recipe", "show", "mission3")
    assert answer.out == find_recipe("mission3").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_show_resolved_prints_a_whole_recipe_that_can_be_trained(kfood, here, name):
    answer = kfood("recipe", "show", name, "--resolved", "--data", "photos")
    recipe = load_recipe(name, data="photos")
    assert Recipe.model_validate(tomllib.loads(answer.out)) == recipe
    (here / "whole.toml").write_text(answer.out, encoding="utf-8")
    assert load_recipe("whole.toml") == recipe


def test_show_with_settings_shows_them_at_work(kfood, here):
    shown = tomllib.loads(kfood("recipe", "show", "mission2", "--set", "training.epochs=3", "--data", "x").out)
    assert (shown["training"]["epochs"], shown["data"]["root"]) == (3, str(here / "x"))


@pytest.mark.parametrize("name", ["mission1", "mission3-mixup"])
def test_a_copy_says_the_same_as_the_recipe_and_is_right(kfood, here, name):
    assert "kfood train mine.toml" in kfood("recipe", "cp", name, "mine.toml").out
    copy = load_recipe("mine.toml", data="photos")
    assert copy.model_copy(update={"name": name}) == load_recipe(name, data="photos")
    assert kfood("recipe", "check", "mine.toml") == (0, "mine.toml is right.\n", "")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("mine.txt", "mine.txt does not end in .toml"),
        ("gone/mine.toml", "There is no folder gone."),
        ("there.toml", "there.toml is there already: name a new file."),
    ],
)
def test_cp_writes_over_nothing_and_makes_no_folders(kfood, here, target, words):
    (here / "there.toml").write_text("# mine")
    answer = kfood("recipe", "cp", "mission1", target)
    assert answer.code == 2
    assert words in answer.err
    assert [path.name for path in here.iterdir()] == ["there.toml"]
    assert (here / "there.toml").read_text() == "# mine"


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_every_shipped_recipe_checks_as_right(kfood, name):
    assert kfood("recipe", "check", name).out == f"{name} is right.\n"


def test_check_counts_settings_in(kfood):
    answer = kfood("recipe", "check", "mission1", "--set", "model.arch=resnet19")
    assert (answer.code, answer.out) == (2, "")
    assert 'model.arch = "resnet19"' in answer.err


@pytest.mark.parametrize("command", ["show", "cp", "check"])
def test_a_file_that_is_not_utf8_is_told(kfood, here, command):
    (here / "mine.toml").write_bytes("# 갈비찜".encode("cp949"))
    answer = kfood("recipe", command, "mine.toml", *(["copy.toml"] if command == "cp" else []))
    assert (answer.code, answer.out) == (2, "")
    assert "mine.toml is not in UTF-8" in answer.err
    assert [path.name for path in here.iterdir()] == ["mine.toml"]
