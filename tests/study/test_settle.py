"""Layers of changes over a recipe."""

import pytest

from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.study.schema import Table
from kfood.study.settle import fewer_epochs, kept_change, resolved


@pytest.fixture
def recipe():
    return load_recipe("mission1", data="photos")


def rows(*kept):
    found = [{"name": str(n), "change": {"training": {"batch_size": n}}, "kept": n in kept} for n in (8, 16)]
    return Table(name="batch-size", title="Batch size", rows=found)


def test_the_last_layer_is_on_top(recipe):
    first = {"optimizer": {"lr": 0.1, "name": "sgd"}}
    found = resolved(recipe, "here", first, {}, {"optimizer": {"lr": 0.2}})
    assert (found.optimizer.lr, found.optimizer.name) == (0.2, "sgd")
    assert found.training == recipe.training
    assert resolved(recipe, "here") == recipe


def test_layers_that_are_right_only_together_are_right(recipe):
    found = resolved(recipe, "here", {"optimizer": {"nesterov": True}}, {"optimizer": {"momentum": 0.9}})
    assert found.optimizer.nesterov


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"optimizer": {"betsa": [0.9, 0.99]}}, 'there is no key optimizer.betsa. Did you mean "betas"?'),
        ({"optimizer": {"name": "nadm"}}, 'Did you mean "nadam"?'),
        ({"training": {"epochs": -1}}, "training.epochs = -1"),
    ],
)
def test_what_no_recipe_can_say_is_told_of_its_source(recipe, change, says):
    with pytest.raises(KfoodError) as error:
        resolved(recipe, "row 3", change)
    assert str(error.value).startswith("row 3: ") and says in str(error.value)


def test_the_kept_row_is_carried_on():
    assert kept_change(rows(16)) == {"training": {"batch_size": 16}}
    assert kept_change(rows()) == {}


@pytest.mark.parametrize(("epochs", "share", "expected"), [(20, 1, 20), (20, 0.5, 10), (50, 0.02, 1), (20, 0.001, 1)])
def test_a_share_of_the_epochs_is_one_at_least(recipe, epochs, share, expected):
    whole = resolved(recipe, "here", {"training": {"epochs": epochs}})
    assert fewer_epochs(whole, share).training.epochs == expected


def test_no_epochs_stay_none(recipe):
    probe_alone = resolved(recipe, "here", {"training": {"epochs": 0}, "probe": {"epochs": 5}})
    assert fewer_epochs(probe_alone, 0.5).training.epochs == 0


def test_the_schedule_is_told_in_fewer_epochs_too(recipe):
    step = resolved(recipe, "here", {"schedule": {"name": "step", "step_size": 10}})
    assert fewer_epochs(step, 0.5).schedule.step_size == 5
    assert fewer_epochs(step, 0.02).schedule.step_size == 1
    cosine = resolved(recipe, "here", {"schedule": {"name": "cosine", "period": 8}})
    assert fewer_epochs(cosine, 0.5).schedule.period == 4
    over_all = resolved(recipe, "here", {"schedule": {"name": "cosine"}})
    assert fewer_epochs(over_all, 0.5).schedule.period == 0


def test_all_else_stays(recipe):
    less = fewer_epochs(recipe, 0.5)
    assert less.training.early_stopping == recipe.training.early_stopping
    assert fewer_epochs(recipe, 1) == recipe
