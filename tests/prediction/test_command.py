"""Photos that belong to no training, by a run's model alone, and `kfood predict`."""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from kfood.interpretation.predict_photos import predict_photos

from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.training.train import train

pytestmark = pytest.mark.slow

SETTINGS = ("model.arch=resnet10t", "data.size=32", "training.epochs=2", "training.batch_size=8", "training.workers=0")
COUNTS = {"갈비찜": 14, "김밥": 14, "돼지갈비찜": 14}


@pytest.fixture(scope="module")
def run(make_photos, tmp_path_factory):
    """A run with mirror images, and photos cropped to a square; its photos still lie where they were."""
    place = tmp_path_factory.mktemp("predict")
    photos = make_photos(place / "photos", COUNTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KFOOD_CACHE", str(place / "cache"))
        recipe = load_recipe("mission1", [*SETTINGS, "model.hflip_tta=true", "data.resize=crop"], str(photos))
        return train(recipe, place / "runs")


@pytest.fixture
def photos(run, tmp_path):
    """The run's test photos, copied elsewhere, in folders that tell no class."""
    folder = tmp_path / "new"
    judged = run.predictions[run.predictions["split"] == "test"]
    for number, path in enumerate(judged["path"]):
        target = folder / ("deep/er" if number % 2 else "") / f"{number:03}{Path(path).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


def require_as_judged(run, table):
    """The table, by the file's number, says what the run's own predictions say."""
    judged = run.predictions[run.predictions["split"] == "test"].reset_index(drop=True)
    table = table.set_index(table["path"].map(lambda path: int(Path(path).stem))).sort_index()
    assert len(table) == len(judged) > 5
    classes = [name for name in judged if name.startswith("p_")]
    for number, row in table.iterrows():
        truth = judged.loc[number, classes].astype(float).sort_values(ascending=False)
        got = [row[f"{name}_probability"] for name in ("predicted", "second", "third")]
        assert got == pytest.approx(truth.tolist(), abs=1e-4)
        for name in ("predicted", "second", "third"):
            said = judged.loc[number, f"p_{row[name]}"]
            assert row[f"{name}_probability"] == pytest.approx(said, abs=1e-4)
    assert table["predicted"].tolist() == judged["predicted"].tolist()


def test_photos_are_predicted_as_the_run_judged_them(run, photos):
    require_as_judged(run, predict_photos(run, photos))


def test_photos_in_folders_below_are_found_and_come_by_path(run, photos):
    table = predict_photos(run, photos)
    assert table["path"].tolist() == sorted(str(path) for path in photos.rglob("*.jpg"))
    assert any("deep" in path for path in table["path"])


def test_a_single_photo_is_predicted_as_among_others(run, photos):
    among = predict_photos(run, photos).set_index("path")
    alone = predict_photos(run, photos / "000.jpg")
    assert alone["path"].tolist() == [str(photos / "000.jpg")]
    row, other = alone.iloc[0], among.loc[str(photos / "000.jpg")]
    assert row["predicted"] == other["predicted"]
    assert row["predicted_probability"] == pytest.approx(other["predicted_probability"], abs=1e-4)


def test_the_runs_own_photos_are_not_needed(run, photos, tmp_path):
    copied = Run(shutil.copytree(run.folder, tmp_path / "elsewhere"))
    root = Path(run.recipe.data.root)
    shutil.move(root, tmp_path / "gone")
    try:
        require_as_judged(run, predict_photos(copied, photos))
    finally:
        shutil.move(tmp_path / "gone", root)


def test_a_photo_that_cannot_be_read_is_left_out_and_named(run, photos, caplog):
    caplog.set_level("INFO", "kfood")
    (photos / "broken.jpg").write_bytes(b"no photo")
    table = predict_photos(run, photos)
    assert "broken.jpg" in caplog.text
    assert str(photos / "broken.jpg") not in set(table["path"])
    require_as_judged(run, table)


def test_where_no_photo_is_there_it_says_so(run, tmp_path):
    (tmp_path / "empty" / "notes").mkdir(parents=True)
    (tmp_path / "empty" / "notes" / "read.txt").write_text("nothing")
    with pytest.raises(KfoodError, match=f"no photo in {re.escape(str(tmp_path / 'empty'))}"):
        predict_photos(run, tmp_path / "empty")
    with pytest.raises(KfoodError, match=f"no photo or folder {re.escape(str(tmp_path / 'missing'))}"):
        predict_photos(run, tmp_path / "missing")


@pytest.mark.parametrize("single", [True, False])
def test_photos_that_are_all_broken_are_an_error(run, tmp_path, single):
    source = tmp_path / "broken"
    source.mkdir()
    (source / "one.jpg").write_bytes(b"no photo")
    source = source / "one.jpg" if single else source
    with pytest.raises(KfoodError, match=f"No photo in {re.escape(str(source))} can be read"):
        predict_photos(run, source)


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Return a function that runs `kfood predict` in an empty folder: exit code, output, errors."""
    from kfood.cli.main import main

    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("COLUMNS", "250")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kfood", "predict", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = (re.sub(r"\x1b\[[0-9;]*m", "", text) for text in capsys.readouterr())
        return ended.value.code or 0, out, err

    return call


def test_the_command_prints_a_table_and_writes_nothing(run, photos, command):
    code, out, _ = command(Path("..", photos.name, "deep"), run.folder)  # short, so that no line is broken
    table = predict_photos(run, photos / "deep")
    assert code == 0
    assert f"{len(table)} photos, by {run.name}" in out
    for path, predicted in zip(table["path"], table["predicted"], strict=True):
        (line,) = [line for line in out.splitlines() if Path(path).name in line]
        assert predicted in line
    assert list(Path().iterdir()) == []


def test_the_command_takes_the_latest_run_and_writes_all_predictions(run, photos, command):
    code, out, _ = command(photos, "--runs", run.folder.parents[1], "--out", "mine.csv")
    assert code == 0
    assert "Written: mine.csv" in out
    written = pd.read_csv("mine.csv", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(written, predict_photos(run, photos), check_dtype=False, atol=1e-4)


@pytest.mark.parametrize("what", ["missing", "."])
def test_the_command_refuses_what_holds_no_photo_in_one_sentence(run, command, what):
    code, out, err = command(what, run.folder, "--out", "mine.csv")
    assert code == 2
    assert err.startswith("Error: ") and err.count("\n") == 1, err
    assert "There is no photo" in err
    assert "Traceback" not in out + err
    assert not Path("mine.csv").exists()


def test_what_training_would_not_take_is_not_predicted(run, photos):
    wanted = predict_photos(run, photos)["path"].tolist()
    for hidden in (".ipynb_checkpoints/0.jpg", "@eaDir/0.jpg", "__MACOSX/0.jpg", "._000.jpg"):
        (photos / hidden).parent.mkdir(exist_ok=True)
        shutil.copy(photos / "000.jpg", photos / hidden)
    shutil.copytree(run.folder, photos / "runs" / run.folder.name)
    (photos / "runs" / run.folder.name / "figures").mkdir(exist_ok=True)
    shutil.copy(photos / "000.jpg", photos / "runs" / run.folder.name / "figures" / "test-confusion.jpg")
    assert predict_photos(run, photos)["path"].tolist() == wanted


def test_links_to_folders_are_followed(run, photos, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "there").symlink_to(photos / "deep")
    assert len(predict_photos(run, tmp_path / "links")) == len(predict_photos(run, photos / "deep"))


def test_several_photos_and_folders_are_predicted_once_each(run, photos):
    table = predict_photos(run, photos / "000.jpg", photos / "deep", photos / "000.jpg")
    assert table["path"].tolist() == sorted([str(photos / "000.jpg"), *map(str, (photos / "deep").rglob("*.jpg"))])


@pytest.mark.parametrize(
    ("name", "words"),
    [("photos.zip", "kfood data unpack makes a folder of it"), ("list.csv", "name the photos themselves")],
)
def test_what_is_no_photo_is_told_what_to_do_with(run, tmp_path, name, words):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(KfoodError, match=f"{name} is not a photo: {words}"):
        predict_photos(run, tmp_path / name)


def test_photos_of_formats_that_are_not_read_are_counted(run, photos, caplog):
    (photos / "raw.dng").write_bytes(b"x")
    predict_photos(run, photos)
    assert "Left out: 1 x .dng photo, which is not read: save it as JPEG." in caplog.text


def test_the_run_may_stand_before_the_photos(run, photos, command):
    code, out, err = command(run.folder, photos / "000.jpg", photos / "000.jpg")
    assert code == 0, err
    assert f"1 photos, by {run.name}" in out


@pytest.mark.parametrize("out", ["there", "."])
def test_an_output_that_is_a_folder_is_refused_before_the_work(run, photos, command, out):
    Path("there").mkdir()
    code, _, err = command(photos, run.folder, "--out", out)
    assert code == 2 and f"{out} is a folder: name a file in it" in err


def test_the_folder_of_the_output_is_made(run, photos, command):
    code, _, _ = command(photos / "000.jpg", run.folder, "--out", "new/folder/mine.csv")
    assert code == 0 and Path("new/folder/mine.csv").is_file()
