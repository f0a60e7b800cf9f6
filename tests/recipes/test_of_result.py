"""Which settings make another training, and which only another way to the same one."""

import pytest

from kfood.recipes.explain import validate
from kfood.recipes.of_result import differing

BASE = {"training": {"epochs": 5}, "data": {"size": 64}}


def changed(**sections):
    merged = {name: {**BASE.get(name, {}), **sections.get(name, {})} for name in {*BASE, *sections}}
    return list(differing(validate(BASE, "test"), validate(merged, "test")))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("training", "epochs", 4),
        ("training", "seed", 1),
        ("data", "size", 32),
        ("data", "crop_area", True),
        ("optimizer", "lr", 0.5),
        ("loss", "class_weights", {"김밥": 2.0}),
    ],
)
def test_what_changes_the_result_differs(section, key, value):
    ((name, _, other),) = changed(**{section: {key: value}})
    assert (name, other) == (f"{section}.{key}", value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("training", "workers", 3),
        ("training", "checkpoint_minutes", 0),
        ("training", "accumulate", 2),
        ("data", "cache", False),
        ("data", "root", "/elsewhere"),
        ("data", "split_seed", 3),  # which photos is told by their contents
    ],
)
def test_what_does_not_change_it_or_is_told_by_the_photos_does_not(section, key, value):
    assert not changed(**{section: {key: value}})
