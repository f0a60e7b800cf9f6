"""A recipe starts only from a run that was trained as it asks; another is said to be another. Nothing is trained."""

import json
import shutil

import pytest

from kfood.data.prepare import Photos, fingerprint, prepare_samples
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe, on_the_same_terms
from kfood.run.folder import DONE, Run, create_run
from kfood.system.files import write_csv, write_text
from kfood.training.initial_weights import starting_run, warn_of_leaks
from kfood.training.starts import find_start, trained_first

SMALL = ("model.arch=test_resnet", "data.size=32", "training.batch_size=8")
CLASSES = {"갈비찜": 12, "김밥": 12, "돼지갈비찜": 12}


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path / "photos", CLASSES)


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def wanted(photos):
    """What mission3 asks for, and mission3."""
    recipe = load_recipe("mission3", SMALL, str(photos))
    return on_the_same_terms(load_recipe("mission2-plain-head", data=str(photos)), recipe), recipe


def finished(folder, recipe, **environment):
    """Return a run as if `recipe` had been trained."""
    samples = prepare_samples(recipe.data).samples
    run = create_run(recipe, {"data_fingerprint": fingerprint(samples), "started_from": None, **environment}, folder)
    write_csv(run.samples_file, samples)
    write_text(run.status_file, DONE)
    return run


def with_change(recipe, section, **values):
    return recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=values)})


def test_a_run_trained_as_the_recipe_asks_is_the_start(wanted, runs):
    start, recipe = wanted
    run = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    assert find_start(recipe, runs).run.folder == run.folder
    assert starting_run(recipe, runs, lambda _: pytest.fail("trained again")).folder == run.folder


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("training", {"epochs": 1}, "it has training.epochs = 1, not 50"),
        ("training", {"seed": 3}, "it has training.seed = 3, not 0"),
        ("data", {"size": 64}, "it has data.size = 64, not 32"),
        ("data", {"per_class": 8}, "it has data.per_class = 8, not 0"),
        ("data", {"split_seed": 1}, "it has data.split_seed = 1, not 0"),
        ("model", {"arch": "resnet10t"}, "it has model.arch = resnet10t, not test_resnet"),
        ("optimizer", {"lr": 0.01}, "it has optimizer.lr = 0.01, not 0.001"),
    ],
)
def test_a_smoke_run_is_no_start_what_differs_is_said_and_it_is_trained(wanted, runs, caplog, section, values, words):
    start, recipe = wanted
    smoke = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", with_change(start, section, **values))
    trained = []
    assert starting_run(recipe, runs, lambda each: trained.append(each) or smoke) is smoke
    assert trained == [start]
    (warned,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert words in warned
    assert f"--set model.start_from={smoke.folder}" in warned


def test_the_run_that_fits_is_taken_though_a_smoke_run_is_later(wanted, runs, caplog):
    start, recipe = wanted
    good = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    finished(runs / "mission2-plain-head" / "20260102-000000-aaaa", with_change(start, "training", epochs=1))
    finished(runs / "mission2-plain-head" / "mine", with_change(start, "data", size=64))
    assert find_start(recipe, runs).run.folder == good.folder
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_other_photos_in_the_same_folder_are_other_photos(wanted, runs, photos):
    start, recipe = wanted
    finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    photo = photos / "김밥/0000.jpg"
    photo.write_bytes(photo.read_bytes() + b"\0")
    found = find_start(recipe, runs)
    assert found.run is None
    assert "it has other photos, labels or splits" in found.why


def test_the_same_photos_in_another_folder_are_the_same(wanted, runs, photos, tmp_path):
    start, _ = wanted
    run = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    shutil.copytree(photos, tmp_path / "there")
    elsewhere = load_recipe("mission3", SMALL, str(tmp_path / "there"))
    assert find_start(elsewhere, runs).run.folder == run.folder


def test_a_start_must_have_started_from_what_it_asks_too(wanted, runs, photos, tmp_path):
    start, _ = wanted
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "mission3"\n[model]\nstart_from = "mission3"\n', encoding="utf-8")
    last = load_recipe(str(mine), SMALL, str(photos))
    middle = on_the_same_terms(load_recipe("mission3", data=str(photos)), last)
    first = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    folder = runs / "mission3" / "20260102-000000-aaaa"
    run = finished(folder, middle, started_from=str(tmp_path / "smoke"))
    assert find_start(last, runs).run is None
    run.environment_file.write_text(
        json.dumps({**run.environment, "started_from": str(first.folder.resolve())}), encoding="utf-8"
    )
    run.checksums.add(run.environment_file)
    assert find_start(last, runs).run.folder == folder


def test_what_has_to_be_trained_first_is_known_with_its_photos(wanted, runs, photos, tmp_path):
    start, _ = wanted
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "mission3"\n[model]\nstart_from = "mission3"\n', encoding="utf-8")
    last = load_recipe(str(mine), SMALL, str(photos))
    first, second = trained_first(last, runs, Photos())
    assert [first[0].name, second[0].name] == ["mission2-plain-head", "mission3"]
    assert [len(each["label"].unique()) for _, each in (first, second)] == [3, 3]
    finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    assert [recipe.name for recipe, _ in trained_first(last, runs, Photos())] == ["mission3"]
    assert trained_first(start, runs, Photos()) == []


def test_a_run_that_is_named_is_taken_as_it_is(wanted, runs):
    start, recipe = wanted
    smoke = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", with_change(start, "training", epochs=1))
    named = with_change(recipe, "model", start_from=str(smoke.folder))
    assert find_start(named, runs).run.folder == smoke.folder
    with pytest.raises(KfoodError, match="there is no run"):
        find_start(with_change(recipe, "model", start_from=str(runs / "none")), runs)


def test_a_damaged_run_is_passed_over(wanted, runs):
    start, recipe = wanted
    good = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    damaged = finished(runs / "mission2-plain-head" / "20260102-000000-aaaa", start)
    damaged.recipe_file.write_text("no recipe", encoding="utf-8")
    assert find_start(recipe, runs).run.folder == good.folder
    shutil.rmtree(good.folder)
    assert "recipe.toml is damaged" in find_start(recipe, runs).why


def test_leaks_are_found_by_content_in_another_data_set(wanted, runs, photos, tmp_path, caplog):
    """The camp's two data sets lie in two folders: no path of one is a path of the other."""
    start, _ = wanted
    run = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    shutil.copytree(photos, tmp_path / "there")
    data = start.data.model_copy(update={"root": str(tmp_path / "there")})
    assert warn_of_leaks(run, prepare_samples(data).samples) == 0
    assert not caplog.text
    other = prepare_samples(data.model_copy(update={"split_seed": 5})).samples
    split = run.samples.set_index("digest")["split"]
    before = other["digest"].map(split)
    test = int(((other["split"] == "test") & (before != "test")).sum())
    valid = int(((other["split"] == "valid") & (before == "train")).sum())
    assert test and valid
    assert warn_of_leaks(run, other) == test + valid
    assert f"{test} test photos were training or validation photos of {run.name}" in caplog.text
    assert f"{valid} validation photos were training photos of {run.name}" in caplog.text


def test_what_the_start_started_from_has_seen_leaks_too(wanted, runs, photos):
    start, _ = wanted
    whole = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", with_change(start, "data", split_seed=5))
    second = finished(runs / "mission3" / "20260102-000000-aaaa", start, started_from=str(whole.folder))
    assert warn_of_leaks(Run(second.folder), prepare_samples(start.data).samples) > 0


def test_photos_whose_content_is_not_known_are_compared_by_path(wanted, runs):
    start, _ = wanted
    run = finished(runs / "mission2-plain-head" / "20260101-000000-aaaa", start)
    write_csv(run.samples_file, run.samples.drop(columns="digest"))  # a run of long ago
    other = prepare_samples(start.data.model_copy(update={"split_seed": 5})).samples
    assert warn_of_leaks(Run(run.folder), other.drop(columns="digest")) > 0
