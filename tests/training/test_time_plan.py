"""A recipe's ladder, and which of its steps fits into a given time; nothing here is measured."""

import pandas as pd
import pytest
import torch
from torch import nn

from kfood.errors import KfoodError
from kfood.model.build import build_model
from kfood.recipes.explain import validate
from kfood.recipes.load import ladder_steps, load_recipe, shipped_recipes
from kfood.training import time_plan
from kfood.training.time_plan import choose_step_for_budget
from support.out_of_memory import OUT_OF_MEMORY

LADDER = [{"training": {"epochs": 8}}, {"training": {"epochs": 4}}, {"data": {"size": 64}, "training": {"epochs": 2}}]
RATES = 1e-7, 3e-7  # seconds a photo and pixel
DECODE = 2e-3  # seconds a photo


def make(**sections):
    return validate({"data": {"size": 128}, **sections}, "test")


def photos(train=100, valid=20, test=20):
    return pd.DataFrame({"split": ["train"] * train + ["valid"] * valid + ["test"] * test})


def needed(recipe, samples=None, decode=DECODE):
    return time_plan.seconds_of(recipe, photos() if samples is None else samples, *RATES, decode)


@pytest.fixture(autouse=True)
def decoding(monkeypatch):
    """The sizes for which decoding was measured."""
    sizes = []

    def seconds_to_fill(samples, shrink):
        sizes.append(shrink.size)
        return DECODE * len(samples)

    monkeypatch.setattr(time_plan, "seconds_to_fill", seconds_to_fill)
    return sizes


@pytest.fixture
def measured(monkeypatch):
    """The kinds of network that were measured, all as fast as `RATES`."""
    kinds = []

    def measure(recipe):
        kinds.append((recipe.model.arch, recipe.model.frozen_stages))
        return RATES

    monkeypatch.setattr(time_plan, "measure_rates", measure)
    return kinds


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_first_step_that_fits_is_taken(measured, number, caplog):
    caplog.set_level("INFO", "kfood")
    recipe = make(ladder=LADDER)
    steps = ladder_steps(recipe)
    chosen = choose_step_for_budget(recipe, photos(), needed(steps[number]) + 0.1)
    assert chosen == steps[number]
    assert chosen.training.epochs == (8, 4, 2)[number]
    assert f"step {number + 1} of 3" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_more_than_enough_time_takes_the_first_step(measured):
    assert choose_step_for_budget(make(ladder=LADDER), photos(), 1e6).training.epochs == 8


def test_the_time_that_measuring_takes_is_counted(monkeypatch):
    recipe, now = make(ladder=LADDER), [0.0]
    monkeypatch.setattr(time_plan.time, "monotonic", lambda: now[0])

    def measure(_):
        now[0] += 1
        return RATES

    monkeypatch.setattr(time_plan, "measure_rates", measure)
    many = photos(100_000)
    first = needed(ladder_steps(recipe)[0], many)
    assert choose_step_for_budget(recipe, many, first + 0.9).training.epochs == 4
    now[0] = 0
    assert choose_step_for_budget(recipe, many, first + 1.1).training.epochs == 8


@pytest.mark.parametrize("seconds", [0.001, -30])
def test_where_no_step_fits_the_last_is_taken_and_its_time_is_said(measured, caplog, seconds):
    recipe = make(ladder=LADDER)
    many = photos(100_000, 10_000, 10_000)
    last = ladder_steps(recipe)[-1]
    assert choose_step_for_budget(recipe, many, seconds) == last
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"the shortest step takes about {time_plan.duration(needed(last, many))}" in record.getMessage()


def test_the_search_of_the_learning_rate_is_counted(measured):
    recipe, many = make(ladder=LADDER), photos(10_000)
    first, second, _ = ladder_steps(recipe)
    search = time_plan.lr_find_seconds_of(first, many, 3, 100, *RATES, DECODE)
    assert search > 3 * 100 * 64 * 128**2 * RATES[1]
    enough = needed(first, many) + 0.5 * search
    assert choose_step_for_budget(recipe, many, enough) == first
    assert choose_step_for_budget(recipe, many, enough, trials=(3, 100)) == second
    assert choose_step_for_budget(recipe, many, enough + 0.6 * search, trials=(3, 100)) == first


def test_what_is_trained_first_is_counted(measured):
    recipe, many = make(ladder=LADDER), photos(10_000)
    first, _, last = ladder_steps(recipe)
    start = make(training={"epochs": 3})
    asked = []

    def before(step):
        asked.append(step)
        return [(start, many)] if step.data.size == 128 else []

    enough = needed(first, many) + 0.5 * needed(start, many)
    assert choose_step_for_budget(recipe, many, enough) == first
    assert choose_step_for_budget(recipe, many, needed(last, many) + 0.1, before=before) == last
    assert asked == list(ladder_steps(recipe))
    assert choose_step_for_budget(recipe, many, enough + 0.6 * needed(start, many), before=before) == first


def test_a_probe_alone_searches_no_learning_rate(measured):
    probe = make(training={"epochs": 0}, probe={"epochs": 2}, data={"cache": False})
    rates = time_plan.Rates()
    assert rates.lr_find_seconds(probe, photos(), 3, 100) == 0
    both = make(probe={"epochs": 2}, data={"cache": False})
    cached = make(probe={"epochs": 2})
    assert rates.lr_find_seconds(both, photos(), 3, 100) > rates.lr_find_seconds(cached, photos(), 3, 100)
    assert rates.lr_find_seconds(cached, photos(), 3, 100) > rates.lr_find_seconds(make(), photos(), 3, 100)


def test_a_slower_machine_takes_a_later_step(monkeypatch):
    recipe, many, chosen = make(ladder=LADDER), photos(100_000), []
    for factor in (1, 2, 100):
        rates = (RATES[0] * factor, RATES[1] * factor)
        monkeypatch.setattr(time_plan, "measure_rates", lambda step, rates=rates: rates)
        chosen.append(choose_step_for_budget(recipe, many, 1.1 * needed(ladder_steps(recipe)[0], many)).training.epochs)
    assert chosen == [8, 4, 2]


def test_each_kind_of_network_and_each_size_is_measured_once(measured, decoding):
    steps = [
        *LADDER,
        {"model": {"frozen_stages": 2}},
        {"model": {"arch": "resnet10t"}},
        {"model": {"frozen_stages": 2}},
    ]
    choose_step_for_budget(make(ladder=steps), photos(), 0)
    assert measured == [("resnet18", 0), ("resnet18", 2), ("resnet10t", 0)]
    assert decoding == [128, 64]


@pytest.mark.parametrize("freeze_norm", [True, False])
def test_the_network_is_measured_as_it_will_learn(monkeypatch, freeze_norm):
    """Batch normalisation that keeps its statistics takes less time than one that learns."""
    learning = []

    def watched(section, *about):
        model = build_model(section, *about)
        for module in model.body.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.register_forward_hook(lambda norm, *_: learning.append((norm.training, torch.is_grad_enabled())))
        return model

    monkeypatch.setattr(time_plan, "build_model", watched)
    rates = time_plan.measure_rates(make(data={"size": 32}, model={"arch": "test_resnet", "freeze_norm": freeze_norm}))
    assert all(rate > 0 for rate in rates)
    assert {norm for norm, learns in learning if learns} == {not freeze_norm}


def test_a_recipe_without_a_ladder_is_told_of_best(measured):
    with pytest.raises(KfoodError, match="has no ladder.*recipe best has one"):
        choose_step_for_budget(make(), photos(), 60)
    with pytest.raises(KfoodError, match="for photos: name some with --data"):  # best itself has none there
        choose_step_for_budget(load_recipe("best"), photos(), 60)
    assert measured == []


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_step_of_a_shipped_recipe_is_a_recipe(name):
    for data in ("/somewhere", "demo"):
        recipe = load_recipe(name, data=data)
        steps = ladder_steps(recipe)
        assert len(steps) == max(1, len(recipe.ladder))
        for step in steps:
            assert step.ladder == ()
            assert step.data.root == recipe.data.root
            assert step.name == name
    assert ladder_steps(load_recipe("best", data="/somewhere"))[1:]


def test_what_a_person_sets_stays_set_on_every_step():
    recipe = load_recipe("best", ["training.epochs=2", "data.size=96"], "/somewhere")
    steps = ladder_steps(recipe)
    assert len(steps) > 1
    assert {(step.training.epochs, step.data.size) for step in steps} == {(2, 96)}
    assert len({step.data.presize for step in steps}) > 1  # what is not set still changes


def test_a_step_changes_only_what_it_names():
    recipe = make(ladder=LADDER, model={"arch": "resnet10t"}, training={"batch_size": 7, "epochs": 20})
    for step, size, epochs in zip(ladder_steps(recipe), (128, 128, 64), (8, 4, 2), strict=True):
        expected = recipe.model_dump(exclude={"ladder", "data", "training"})
        assert step.model_dump(exclude={"ladder", "data", "training"}) == expected
        assert (step.data.size, step.training.epochs, step.training.batch_size) == (size, epochs, 7)


@pytest.mark.parametrize("fault", ["training.epoch = 4", "data.size = 1", "training.epochs = 0"])
def test_a_fault_in_a_step_names_its_number(tmp_path, fault):
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "mission1"\n[[ladder]]\ntraining.epochs = 4\n[[ladder]]\n{fault}\n', encoding="utf-8")
    with pytest.raises(KfoodError, match="step 2 of its ladder"):
        load_recipe(str(file))


def test_time_grows_with_the_square_of_the_size():
    small, middle, large = (needed(make(data={"size": size}, probe={"epochs": 2})) for size in (64, 128, 256))
    assert large - middle == pytest.approx(4 * (middle - small))
    assert middle > small


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_time_grows_evenly_with_photos_of_each_split(split):
    recipe = make(probe={"epochs": 2})
    few, more, most = (needed(recipe, photos(**{split: number})) for number in (100, 200, 300))
    assert more > few
    assert most - more == pytest.approx(more - few)


def test_time_grows_with_epochs_and_views():
    epochs = [needed(make(training={"epochs": number})) for number in (1, 2, 3)]
    views = [needed(make(probe={"epochs": 5, "views": number})) for number in (1, 2, 3)]
    for first, second, third in (epochs, views):
        assert second > first
        assert third - second == pytest.approx(second - first)
    assert epochs[1] - epochs[0] >= RATES[1] * 128**2 * 100  # at least what its own photos take


def test_a_probe_costs_less_than_as_many_epochs_of_training():
    probe = make(training={"epochs": 0}, probe={"epochs": 5})
    assert needed(probe) < needed(make(training={"epochs": 5}))


def test_photos_are_decoded_once_or_in_each_epoch():
    cached, uncached = (make(training={"epochs": 4}, data={"cache": cache}) for cache in (True, False))
    once, again = (needed(recipe) - needed(recipe, decode=0) for recipe in (cached, uncached))
    assert once >= 140 * DECODE
    assert again == pytest.approx(5 * once)


def test_predicting_with_mirror_images_takes_longer():
    assert needed(make(model={"hflip_tta": True})) > needed(make())


@pytest.mark.parametrize("error", OUT_OF_MEMORY[:3])
def test_rates_are_measured_with_fewer_photos_where_memory_is_small(monkeypatch, error):
    asked = []

    def rates(recipe, n_photos):
        asked.append(n_photos)
        if n_photos > 4:
            raise error
        return 1.0, 2.0

    monkeypatch.setattr(time_plan, "_rates", rates)
    assert time_plan.measure_rates(load_recipe("mission1")) == (1.0, 2.0)
    assert asked == [16, 8, 4]
