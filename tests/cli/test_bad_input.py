"""Bad input gives one sentence that names what is wrong and what to do, exit code 2, and leaves nothing behind."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from kfood.cli.main import main
from kfood.recipes.schema import Model, Recipe
from kfood.run.folder import DONE, create_run
from support.out_of_memory import OUT_OF_MEMORY

COUNTS = {"갈비찜": 10, "돼지갈비찜": 10}
TINY = ("--set", "data.size=32", "--set", "training.batch_size=4", "--set", "training.epochs=1")


def everything_below(*folders: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for root in folders for path in root.rglob("*")}


@pytest.fixture
def photos(make_photos, here) -> Path:
    return make_photos(here / "photos", COUNTS)


@pytest.fixture
def refused(kfood, here):
    """Return a function that runs a command, requires that it is refused properly, and returns the sentence."""

    def run(*arguments: object) -> str:
        kept = (here, Path(os.environ["KFOOD_RUNS"]))
        before = everything_below(*kept)
        answer = kfood(*arguments)
        assert answer.code == 2
        assert answer.err.startswith("Error: ") and answer.err.count("\n") == 1, answer.err
        assert "Traceback" not in answer.out + answer.err
        assert everything_below(*kept) == before
        return answer.err

    return run


@pytest.mark.parametrize("command", [["train", "mission1", *TINY, "--data"], ["data", "check"]], ids=["train", "check"])
class TestPhotos:
    def test_folder_without_photos(self, refused, here, command):
        (here / "empty" / "갈비찜").mkdir(parents=True)
        assert f"There are no photos in {here}/empty. kfood looks for <class>/*.jpg" in refused(*command, "empty")

    def test_folder_that_is_not_there(self, refused, here, command):
        assert f"There is no data folder {here}/gone. Name one with --data" in refused(*command, "gone")

    def test_two_folders_of_one_name(self, refused, make_photos, photos, command):
        make_photos(photos, {unicodedata.normalize("NFD", "갈비찜"): 3})
        sentence = refused(*command, photos)
        assert f"{photos} holds two folders that are both called 갈비찜" in sentence
        assert "Put their photos into one folder." in sentence

    def test_csv_without_a_column(self, refused, here, command):
        (here / "mine.csv").write_text("path,lable\na.jpg,x\n")
        assert 'mine.csv has no column "label". Did you mean "lable"?' in refused(*command, "mine.csv")

    def test_archive(self, refused, here, command):
        (here / "photos.zip").write_bytes(b"PK")
        assert "photos.zip is neither a folder nor a CSV" in refused(*command, "photos.zip")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"갈비찜": 9}, "There is only one class, 갈비찜: a classifier needs two or more class folders."),
        (
            {"갈비찜": 9, "김밥": 2},
            "Too few photos to have some of each class in train, valid and test: 김밥 (2 photos, none in ",
        ),
    ],
)
def test_too_few_classes_or_photos(refused, make_photos, here, counts, words):
    assert words in refused("train", "mission1", *TINY, "--data", make_photos(here / "few", counts))


def test_no_photo_can_be_read(refused, photos):
    for path in photos.glob("*/*.jpg"):
        path.write_bytes(b"")
    assert "None of the 20 photos in" in refused("train", "mission1", *TINY, "--data", photos)


def test_variable_that_names_a_folder_that_is_not_there(refused, here, monkeypatch):
    monkeypatch.setenv("KFOOD_DATA", "gone")
    assert f"There is no data folder {here}/gone. Name one with --data, data.root or KFOOD_DATA." in refused(
        "train", "mission1"
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.epoch=5", 'there is no key training.epoch. Did you mean "epochs"?'),
        ("training.epochs=0", "training.epochs is 0 and there is no probe (probe.epochs), so that nothing would learn"),
        ("training.epochs", '--set "training.epochs" is not of the form section.key=value'),
        ("model.arch=resnet19", 'model.arch = "resnet19" is not a network that timm knows. Did you mean "resnet1'),
        ("model.arch=DenseNet-121", 'Did you mean "densenet121"?'),
        (
            "training.batch_size=500",
            "training.batch_size is 500, but there are only 20 photos in all. Choose a smaller one",
        ),
        (
            "loss.class_weights.갈비찝=2",
            'loss.class_weights names "갈비찝", which is not a class here. Did you mean "갈비찜"?',
        ),
        (
            "data.classes=갈비찜,돼지갈비",
            'data.classes names "돼지갈비", which the photos do not have. Did you mean "돼지갈비찜"?',
        ),
        ("model.start_from=mision1", 'There is no recipe "mision1". Did you mean "mission1"?'),
        ("model.start_from=runs/gone", "there is no run runs/gone"),
    ],
)
def test_setting_that_cannot_be_trained(refused, photos, setting, words):
    assert words in refused("train", "mission1", "--data", photos, *TINY, "--set", setting)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training]\nepoch = 5", 'mine.toml: there is no key training.epoch. Did you mean "epochs"?'),
        ("[training]\nepochs = -1", "mine.toml: training.epochs = -1 is not possible"),
        ('extends = "mine"', "mine.toml: the recipes extend each other in a circle (mine -> mine)."),
        ('[optimizer]\nname = "adamm"', 'mine.toml: optimizer.name = "adamm" is not one of'),
        ("[training", "mine.toml is not a TOML file"),
    ],
)
@pytest.mark.parametrize("command", [["train"], ["lrfind"], ["recipe", "check"], ["recipe", "show", "--resolved"]])
def test_recipe_that_cannot_be_read(refused, here, command, text, words):
    (here / "mine.toml").write_text(text)
    assert words in refused(*command, "mine.toml")


@pytest.mark.parametrize("command", [["train"], ["lrfind"], ["recipe", "check"], ["recipe", "show"]], ids=" ".join)
def test_recipe_that_is_not_there(refused, command):
    assert 'There is no recipe "mission4". Did you mean "mission' in refused(*command, "mission4")
    assert "There is no recipe file mine.toml." in refused(*command, "mine.toml")


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        ("banana", '--lr "banana" is neither a number nor "auto".'),
        ("0", "optimizer.lr = 0.0 is not possible"),
        ("nan", "optimizer.lr = nan is not possible"),
    ],
)
def test_learning_rate_that_is_none(refused, photos, lr, words):
    assert words in refused("train", "mission1", "--data", photos, "--lr", lr)


@pytest.mark.parametrize("content", ["recipe.toml", "notes.txt"])
def test_run_folder_that_holds_something(refused, photos, here, content):
    (here / "run").mkdir()
    (here / "run" / content).write_text("x")
    holds = "a run" if content == "recipe.toml" else "something else"
    sentence = refused("train", "mission1", "--data", photos, *TINY, "--run", "run")
    assert f"run already holds {holds}: name a new folder." in sentence


def test_start_from_another_body(refused, photos):
    folder = Path(os.environ["KFOOD_RUNS"]) / "mission2" / "20230101-000000-abcd"
    earlier = create_run(Recipe(name="mission2", data={"root": str(photos)}, model=Model(arch="resnet34")), {}, folder)
    earlier.status_file.write_text(DONE)
    sentence = refused("train", "mission1", "--data", photos, *TINY, "--set", f"model.start_from={folder}")
    assert f'model.start_from = "{folder}": {folder} has the body resnet34, but this recipe says resnet18.' in sentence
    assert "--set model.arch=resnet34" in sentence


@pytest.mark.parametrize("command", [["interpret"], ["interpret", "mission1"], ["runs", "show"]], ids=" ".join)
def test_looking_at_runs_before_there_are_any(refused, command):
    sentence = refused(*command)
    assert f"There is no finished run in {os.environ['KFOOD_RUNS']} yet." in sentence
    assert "kfood train mission1" in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian", "mission1"], "No such command 'trian'. Did you mean 'train'?"),
        (["recipe", "shwo", "mission1"], "No such command 'shwo'. Did you mean 'show'?"),
        (["train", "mission1", "--epoch", "3"], "No such option: --epoch"),
        (["train"], "Name a recipe, such as kfood train mission1"),
        (["interpret", "-n", "many"], "Invalid value for '-n'"),
    ],
)
def test_mistyped_command_or_option(kfood, here, arguments, words):
    answer = kfood(*arguments)
    assert answer.code == 2
    assert words in answer.err
    assert list(here.iterdir()) == []


def test_a_process_of_its_own_ends_with_2_and_one_line_on_stderr(here):
    command = [sys.executable, "-m", "kfood", "data", "check", "gone"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert (
        ended.stderr == f"Error: There is no data folder {here}/gone. Name one with --data, data.root or KFOOD_DATA.\n"
    )
    assert list(here.iterdir()) == []


def test_ctrl_c_ends_with_130_and_no_traceback(monkeypatch, here, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kfood.recipes.load.load_recipe", interrupted)
    monkeypatch.setattr(sys, "argv", ["kfood", "train", "mission1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("train", "mission1", "--data", ""), "--data is empty"),
        (("train", "mission1", "--data="), "--data is empty"),
        (("predict", "", "mission1"), "An argument is empty"),
        (("train", "mission1", "--set", ""), "--set is empty"),
        (("report", "--out", ""), "--out is empty"),
    ],
)
def test_empty_values_are_refused(refused, arguments, what):
    assert f"{what}: give it a value." in refused(*arguments)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the folder that one is in")
def test_a_folder_that_was_deleted_below_the_shell(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys; os.rmdir(os.getcwd()); sys.argv = ['kfood', 'doctor']; from kfood.cli.main import main; main()"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stderr == "Error: The folder that you are in was deleted: change to another one (cd) first.\n"


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_memory_that_is_too_small_is_one_sentence(refused, monkeypatch, error):
    def fails(*args, **named):
        raise error

    monkeypatch.setattr("kfood.cli.main.app", fails)
    assert refused("data", "check") == (
        "Error: The memory is too small for this: close other programs, or take less at a time.\n"
    )


def test_what_is_typed_is_found_though_the_disk_has_its_letters_apart(kfood, make_photos, here):
    make_photos(here / unicodedata.normalize("NFD", "사진"), {"김밥": 6, "라면": 6})
    for word in ("사진", f"{here}/사진/"):
        assert kfood("data", "check", word).code == 0
