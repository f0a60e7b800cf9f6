"""`kfood study`: what is printed, what is written, and what bad input gets."""

import pytest

from kfood.study.new import write_example
from support.imported import imported_by

pytestmark = pytest.mark.slow

SMALL = ("--budget", "small", "--seeds", "1", "--data", "photos")


@pytest.fixture
def photos(make_photos, here):
    return make_photos(here / "photos", {"김치찌개": 40, "된장찌개": 40})


@pytest.fixture
def study(here):
    file = here / "mine.toml"
    write_example(file)
    text = file.read_text("utf-8").replace(
        "size = 128", 'size = 32\n\n[settings.model]\narch = "test_resnet"\n\n[settings.training]\nbatch_size = 8'
    )
    text = text.replace("settings.data.size = 64", "settings.data.size = 32").replace("epochs = 10", "epochs = 2")
    file.write_text(text, encoding="utf-8")
    return file


def changed(study, old, new):
    text = study.read_text("utf-8")
    assert old in text
    study.write_text(text.replace(old, new), encoding="utf-8")


def test_a_study_from_new_to_its_report(kfood, here, photos, study):
    assert "tables 2, rows 4, budgets small, full" in kfood("study", "check", study.name).out
    answer = kfood("study", "run", study.name, *SMALL, "--workers", "1")
    assert answer.code == 0, answer.err
    assert "batch-size: 16, seed 0: validation" in answer.out and "Augmentation (small:" in answer.out
    assert "With one seed, nothing is known" in answer.out
    again = kfood("study", "run", study.name, *SMALL)
    assert again.code == 0 and "seed 0: validation" not in again.out
    status = kfood("study", "status", study.name, *SMALL).out.splitlines()
    rows = {line.split()[1]: line.split()[3] for line in status if line.startswith("│ ")}
    assert rows == {"batch-size": "2", "augmentation": "2"}
    assert kfood("study", "report", study.name, *SMALL, "--out", "page.html").code == 0
    assert "This is not the full study" in (here / "page.html").read_text("utf-8")
    assert kfood("study", "export", study.name, "tables", *SMALL).code == 0
    assert {path.name for path in (here / "tables").iterdir()} == {"batch-size.csv", "augmentation.csv", "study.md"}


def test_a_look_at_a_study_imports_no_network(photos, study):
    """It is looked at while it runs, again and again, on cores that are busy."""
    imported = imported_by(*(["study", command, study.name, *SMALL] for command in ("status", "show", "report")))
    assert {"optuna", "kfood.study.tables", "kfood.reporting.study_page"} <= imported
    assert {"torch", "fastai", "timm"}.isdisjoint(imported)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "mission33"), 'There is no study "mission33". Did you mean "mission3"?'),
        (("run", "none.toml"), "There is no study file none.toml"),
        (("run", "mission3", "--budget", "smal"), 'no budget "smal". Did you mean "small"?'),
        (("show", "mission3", "--table", "samplin"), 'no table "samplin". Did you mean "sampling"?'),
        (("run", "mission3", "--data", "nowhere"), "nowhere"),
        (("run", "mission3", "--storage", "nonsense"), "is no URL of a storage"),
        (("search", "mission3", "--method", "tpee"), 'Did you mean "tpe"?'),
        (("new", "mine.txt"), "does not end in .toml"),
    ],
)
def test_bad_input_is_told(kfood, here, photos, arguments, words):
    given = () if "--data" in arguments or arguments[0] == "new" else ("--data", "photos")
    answer = kfood("study", *arguments, *given)
    assert answer.code == 2, answer.out
    assert words in answer.err and "Traceback" not in answer.err and answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("change.training.batch_size = 16", "change.training.batchsize = 16", "training.batchsize"),
        ("change.training.batch_size = 16", "change.training.batch_size = 32", 'same training as row "16"'),
        ('name = "32"', 'name = "16"', 'two rows of the table batch-size are called "16"'),
        ('recipe = "mission1"', 'recipe = "mision1"', 'Did you mean "mission1"?'),
        ('title = "Batch size"', 'titel = "Batch size"', "title"),
        ("[[tables]]", "[[tables", "mine.toml"),
    ],
)
def test_a_wrong_study_is_told_by_its_file_and_row(kfood, study, old, new, words):
    changed(study, old, new)
    answer = kfood("study", "check", study.name)
    assert answer.code == 2
    assert "mine.toml" in answer.err and words in answer.err and answer.err.count("\n") == 1
