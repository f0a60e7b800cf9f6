"""Studies are found and checked; what is wrong is said in a sentence."""

import pytest

from kfood.errors import KfoodError
from kfood.study.load import choose_budget, choose_tables, load_study

from .conftest import STUDY


def study_of(folder, text, name="mine.toml"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_study(str(file))


def fault_of(folder, text):
    with pytest.raises(KfoodError) as error:
        study_of(folder, text)
    said = str(error.value)
    assert said.startswith(str(folder / "mine.toml")) and said.count("\n") == 0
    return said


def test_a_study_is_named_by_its_file(tmp_path):
    study = study_of(tmp_path, STUDY)
    assert (study.name, study.recipe) == ("mine", "mission1")
    assert [table.name for table in study.tables] == ["batch-size", "loss"]
    assert [row.kept for row in study.tables[0].rows] == [False, True, False]


def test_a_recipe_file_is_meant_from_the_studys_folder(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    for name in ("own.toml", "recipes/other.toml"):
        (tmp_path / name).write_text('extends = "mission1"\n[training]\nepochs = 3\n', encoding="utf-8")
        text = STUDY.replace('recipe = "mission1"', f'recipe = "{name}"')
        assert study_of(tmp_path, text).recipe == str(tmp_path / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    text = STUDY.replace('recipe = "mission1"', 'recipe = "~/own.toml"')
    assert study_of(tmp_path / "recipes", text).recipe == str(tmp_path / "own.toml")


def test_a_study_may_be_called_as_its_recipe(tmp_path):
    assert study_of(tmp_path, STUDY, "mission1.toml").recipe == "mission1"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mision2", 'There is no study "mision2". Did you mean "mission2"? The studies are mission2, mission3'),
        ("none/of/it.toml", "There is no study file none/of/it.toml."),
    ],
)
def test_no_such_study(name, says):
    with pytest.raises(KfoodError) as error:
        load_study(name)
    assert str(error.value).startswith(says)


def test_no_such_table_or_budget(tmp_path):
    study = study_of(tmp_path, STUDY)
    with pytest.raises(KfoodError, match='has no table "batchsize". Did you mean "batch-size"?'):
        choose_tables(study, ["loss", "batchsize"])
    with pytest.raises(KfoodError, match='has no budget "smal". Did you mean "small"?'):
        choose_budget(study, "smal")


def test_tables_come_in_the_studys_order(tmp_path):
    study = study_of(tmp_path, STUDY)
    assert choose_tables(study, ["loss", "batch-size"]) == list(study.tables) == choose_tables(study, [])
    assert choose_tables(study, ["loss"]) == [study.tables[1]]


def test_no_such_recipe(tmp_path):
    with pytest.raises(KfoodError, match='There is no recipe "mission11". Did you mean "mission1"?'):
        study_of(tmp_path, STUDY.replace('"mission1"', '"mission11"'))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("batch_size = 16", "batch_size = 8", 'row "16" of the table batch-size is the same training as row "8"'),
        ("batch_size = 16", "batchsize = 16", 'row "16" of the table batch-size: there is no key training.batchsize.'),
        ("label_smoothing = 0.1", "label_smoothing = 2", 'row "smooth" of the table loss: loss.label_smoothing = 2'),
        ('name = "16"', 'name = "8"', 'two rows of the table batch-size are called "8"'),
        ('name = "loss"', 'name = "batch-size"', 'two tables are called "batch-size"'),
        ('name = "16"', 'name = "six teen"', "must not be empty, begin with -, or hold a space"),
        ('name = "plain"', 'name = "plain"\nkeep = true', "there is no key tables.1.rows.0.keep."),
        ('name = "8"', 'name = "8"\nkept = true', "the table batch-size has more than one row with kept = true"),
        ("report.valid = 0.5", "report.valid = 50", "report.valid = 50 is not possible"),
        ('about = "small"', 'about = "small"\nsettings.data.sise = 32', "budgets.small.settings: there is no key data"),
        ('about = "small"', 'about = "small"\nepochs = 0', "budgets.small.epochs = 0 is not possible"),
        ("seeds = 2", "seeds = 2\nstart_settings.data.sise = 32", "budgets.small.start_settings: there is no key data"),
        ("size = 32", "sise = 32", 'there is no key data.sise. Did you mean "size"?'),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, old, new, says):
    assert old in STUDY
    assert says in fault_of(tmp_path, STUDY.replace(old, new, 1))


def test_the_settings_of_a_start_are_checked_on_the_recipe_that_rows_start_from(tmp_path):
    text = STUDY.replace('"mission1"', '"mission3-preliminary"').replace('arch = "test_resnet"\n', "")
    text = text.replace("seeds = 2", "seeds = 2\nstart_settings.optimizer.momentum = 0.0")
    assert "nesterov = true needs a momentum" in fault_of(tmp_path, text)  # mission2-preliminary has nesterov


def test_a_row_is_checked_over_what_the_tables_before_it_carry_on(tmp_path):
    """nesterov alone is wrong; after a table whose kept row has momentum it is right."""
    row = STUDY.replace("change.loss.label_smoothing = 0.1", "change.optimizer.nesterov = true")
    assert 'row "smooth"' in fault_of(tmp_path, row)
    carried = row.replace("batch_size = 16", "batch_size = 16\nchange.optimizer.momentum = 0.9")
    assert study_of(tmp_path, carried).tables[1].rows[1].name == "smooth"
