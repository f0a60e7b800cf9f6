"""A training is known by what it learns from and how, wherever and by whatever it is trained."""

import shutil

import pytest

from kfood.errors import KfoodError
from kfood.recipes.load import with_settings
from kfood.study.load import choose_budget, load_study
from kfood.study.schema import Budget
from kfood.study.settle import fewer_epochs, resolved
from kfood.study.trainings import Terms, choices_digest, in_place, row_recipe, terms_of, trainings_of, with_starts


@pytest.fixture
def terms(study_file, photos):
    return terms_at(study_file, photos)


def terms_at(study_file, photos, seeds=None) -> Terms:
    study = load_study(str(study_file))
    return terms_of(study, "small", choose_budget(study, "small"), seeds, str(photos))


def keys(terms, *settings):
    """The keys of the base recipe's trainings, with some settings changed."""
    return [training.key for training in trainings_of(with_settings(terms.base, settings), terms)]


def test_a_training_for_each_seed(terms, study_file, photos):
    found = trainings_of(terms.base, terms)
    assert [training.recipe.training.seed for training in found] == [0, 1]
    assert len({training.key for training in found}) == 2
    more = terms_at(study_file, photos, seeds=3)
    assert keys(more)[:2] == keys(terms) and len(keys(more)) == 3


def test_the_key_does_not_depend_on_where_photos_lie(terms, study_file, photos, tmp_path):
    elsewhere = shutil.copytree(photos, tmp_path / "else" / "where")
    assert keys(terms_at(study_file, elsewhere)) == keys(terms)


@pytest.mark.parametrize(
    "setting", ["training.workers=2", "training.checkpoint_minutes=1", "data.cache=false", "training.seed=7"]
)
def test_the_key_does_not_depend_on_how_a_machine_works(terms, setting):
    """Nor on the recipe's own seed: the study's are taken."""
    assert keys(terms, setting) == keys(terms)


def test_the_key_does_not_depend_on_the_recipes_name(terms):
    renamed = terms.base.model_copy(update={"name": "other"})
    assert [training.key for training in trainings_of(renamed, terms)] == keys(terms)


@pytest.mark.parametrize(
    "setting",
    [
        "optimizer.lr=0.002",
        "data.size=48",
        "data.split_seed=1",
        "data.denoise=blur",
        "training.epochs=3",
        "training.precision=bfloat16",
        "loss.label_smoothing=0.1",
    ],
)
def test_the_key_depends_on_every_other_setting(terms, setting):
    assert not set(keys(terms, setting)) & set(keys(terms))


def test_the_key_depends_on_the_photos_contents(terms, study_file, photos, tmp_path):
    other = shutil.copytree(photos, tmp_path / "other")
    dishes = sorted(folder for folder in other.iterdir())
    shutil.copy(dishes[0] / "0000.jpg", dishes[1] / "0000.jpg")
    assert not set(keys(terms_at(study_file, other))) & set(keys(terms))


def test_photos_are_looked_at_once_for_rows_that_differ_in_pixels_alone(terms, monkeypatch):
    before = terms.photos.fingerprint(terms.base.data)
    monkeypatch.setattr("kfood.data.prepare.prepare_samples", lambda data: pytest.fail("looked at again"))
    pixels = ["data.size=64", "data.denoise=blur", "data.presize=1.5", "data.resize=pad", "data.cache=false"]
    assert terms.photos.fingerprint(with_settings(terms.base, pixels).data) == before


def test_other_splits_are_other_photos(terms):
    fingerprints = {
        terms.photos.fingerprint(with_settings(terms.base, [setting]).data)
        for setting in ("data.split_seed=0", "data.split_seed=1", "data.per_class=10")
    }
    assert len(fingerprints) == 3


def test_a_rows_own_settings_stand_above_the_tables_the_budgets_and_what_is_carried_on(terms):
    study = terms.study
    table = study.tables[0].model_copy(update={"settings": {"training": {"epochs": 6}}})
    budget = Budget(about="b", settings={"training": {"epochs": 4, "batch_size": 5}, "data": {"size": 40}})
    terms = Terms(study, terms.base, "b", budget, 1, terms.data, terms.photos)
    carried = {"data": {"size": 50}, "training": {"mixup": 0.4}}
    recipe = row_recipe(terms, table, table.rows[0], carried)
    training = recipe.training
    assert (training.batch_size, training.epochs, recipe.data.size, training.mixup) == (8, 6, 40, 0.4)
    own = table.rows[0].model_copy(update={"settings": {"training": {"epochs": 8}}})
    assert row_recipe(terms, table, own, carried).training.epochs == 8


def test_a_wrong_row_is_named(terms):
    table = terms.study.tables[1]
    with pytest.raises(KfoodError, match='mine: row "smooth" of the table loss: .*nesterov = true needs'):
        row_recipe(terms, table, table.rows[1], {"optimizer": {"nesterov": True}})


@pytest.fixture
def chained(terms):
    """A recipe that starts from another one, on terms whose budget says something of what rows start from."""
    budget = Budget(about="b", epochs=0.5, start_settings={"training": {"batch_size": 4}})
    terms = Terms(terms.study, terms.base, "b", budget, 2, terms.data, terms.photos)
    return terms, with_settings(terms.base, ["model.start_from=mission2-preliminary"])


def test_all_seeds_start_from_one_training_on_the_same_terms(chained):
    terms, recipe = chained
    first, second = trainings_of(recipe, terms)
    start = first.start
    assert start == second.start and start.start is None
    assert start.recipe.name == "mission2-preliminary"
    assert (start.recipe.data, start.recipe.model.arch) == (recipe.data, "test_resnet")
    shared = (start.recipe.training.batch_size, start.recipe.training.epochs, start.recipe.schedule.step_size)
    assert shared == (4, 15, 5)  # 30 epochs and steps of 10 in the recipe
    assert start.key not in (first.key, second.key)
    assert not {first.key, second.key} & set(keys(terms))


def test_the_key_depends_on_what_it_starts_from(chained):
    terms, recipe = chained
    other = Budget(about="b", epochs=0.5, start_settings={"training": {"batch_size": 6}})
    elsewhere = Terms(terms.study, terms.base, "b", other, 2, terms.data, terms.photos)
    ours, theirs = trainings_of(recipe, terms), trainings_of(recipe, elsewhere)
    assert ours[0].recipe == theirs[0].recipe
    assert not {one.key for one in ours} & {one.key for one in theirs}


def test_what_another_starts_from_comes_before_it_and_once(chained):
    terms, recipe = chained
    first, second = trainings_of(recipe, terms)
    assert list(with_starts([first, second])) == [first.start.key, first.key, second.key]


def test_what_it_starts_from_is_unknown(chained):
    terms, recipe = chained
    unknown = with_settings(recipe, ["model.start_from=mission22"])
    with pytest.raises(KfoodError, match='There is no recipe "mission22"'):
        trainings_of(unknown, terms)


def test_in_place_it_starts_from_a_run_folder_of_this_machine(chained, tmp_path):
    from kfood.run.folder import Run

    terms, recipe = chained
    first, _ = trainings_of(recipe, terms)
    placed = in_place(first, Run(tmp_path / "run"))
    assert placed.model.start_from == str(tmp_path / "run")
    assert placed.training == first.recipe.training
    assert in_place(first.start, None).model.start_from == ""


def test_the_share_of_epochs_is_the_rows_own(chained):
    terms, _ = chained
    table = terms.study.tables[0]
    whole = resolved(terms.base, "here", table.rows[0].change)
    assert row_recipe(terms, table, table.rows[0], {}) == fewer_epochs(whole, 0.5)


def test_the_key_depends_on_the_version_of_what_kfood_computes(terms, monkeypatch):
    before = keys(terms)
    monkeypatch.setattr("kfood.study.trainings.RESULTS_VERSION", 0)
    assert not set(keys(terms)) & set(before)


def test_combinations_are_known_by_what_their_rows_say_and_by_the_photos(terms, study_file, photos, tmp_path):
    digest = choices_digest(terms, terms.study.tables)
    assert choices_digest(terms_at(study_file, photos), terms.study.tables) == digest
    elsewhere = shutil.copytree(photos, tmp_path / "elsewhere")
    assert choices_digest(terms_at(study_file, elsewhere), terms.study.tables) == digest
    next(elsewhere.rglob("*.jpg")).unlink()
    assert choices_digest(terms_at(study_file, elsewhere), terms.study.tables) != digest
    assert choices_digest(terms, terms.study.tables[:1]) != digest
    study_file.write_text(study_file.read_text(encoding="utf-8").replace("= 0.1", "= 0.2"), encoding="utf-8")
    changed = terms_at(study_file, photos)
    assert choices_digest(changed, changed.study.tables) != digest
