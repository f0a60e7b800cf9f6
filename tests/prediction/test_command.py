"""Photos that belong to no training, by a run's model alone, and `kfood predict`."""

import io
import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from kfood.errors import KfoodError
from kfood.prediction.model import Model
from kfood.prediction.run_predictor import RunPredictor
from kfood.prediction.stream import column_names
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


def predict_photos(run, *sources):
    return Model(run).predict(sources)


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


def test_a_photo_that_cannot_be_read_is_a_row_with_its_reason(run, photos):
    (photos / "broken.jpg").write_bytes(b"no photo")
    table = predict_photos(run, photos)
    assert table.set_index("path").loc[str(photos / "broken.jpg"), "error"] == "cannot identify image file"
    require_as_judged(run, table[table["error"] == ""])


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
    written = pd.read_csv("mine.csv").assign(error="")
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


def test_an_archive_and_a_list_say_what_the_folder_says(run, photos, tmp_path):
    wanted = predict_photos(run, photos)
    (tmp_path / "list.txt").write_text("\n".join(wanted["path"]))
    pd.testing.assert_frame_equal(predict_photos(run, tmp_path / "list.txt"), wanted)
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", photos)
    zipped = predict_photos(run, archive)
    paths = [str(photos / Path(path).relative_to(archive)) for path in zipped["path"]]
    pd.testing.assert_frame_equal(zipped.assign(path=paths).sort_values("path", ignore_index=True), wanted, atol=1e-5)


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


def test_more_photos_than_are_shown_are_not_predicted_for_nothing(run, photos, command, monkeypatch):
    asked = []
    prepare = RunPredictor.prepare
    monkeypatch.setattr(RunPredictor, "prepare", lambda self, photo: asked.append(photo) or prepare(self, photo))
    for number in range(30):
        shutil.copy(photos / "000.jpg", photos / f"more{number}.jpg")
    n_photos = len(list(photos.rglob("*.jpg")))
    code, out, _ = command(photos, run.folder)
    assert code == 0 and f"The first 20 of {n_photos} photos, by {run.name}" in out
    assert "--out FILE.csv predicts all of them, and writes them." in out
    assert len(asked) == 20
    code, out, _ = command(photos, run.folder, "--out", "all.jsonl", "--top", 1)
    assert code == 0 and len(Path("all.jsonl").read_text().splitlines()) == n_photos == len(asked) - 20
    assert list(json.loads(Path("all.jsonl").read_text().splitlines()[0])) == column_names(1)


def test_paths_come_on_standard_input(run, photos, command, monkeypatch):
    lines = "".join(f"{path}\n" for path in [*sorted(photos.glob("*.jpg")), photos / "gone.jpg"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    code, out, err = command(run.folder, "-")
    assert code == 0, err
    assert "gone.jpg" in out and "there is no such file" in " ".join(out.split())
    assert "1 of " in out and "photos could not be read" in out


def test_photos_none_of_which_can_be_read_end_with_1_and_their_reasons(run, command):
    Path("broken.jpg").write_bytes(b"no photo")
    Path("list.txt").write_text("broken.jpg\ngone.jpg\n")
    for more in ([], ["--out", "mine.csv"]):
        code, _, err = command("list.txt", run.folder, *more)
        assert code == 1
        assert err == "No photo in list.txt can be read: cannot identify image file.\n"
    table = pd.read_csv("mine.csv")
    assert table["error"].tolist() == ["cannot identify image file", table["error"][1]]
    assert table["error"][1].startswith("there is no such file")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resume"], "--resume goes on with a file: name it by --out."),
        (["--out", "mine.txt"], "mine.txt does not end in .csv"),
        (["--top", "0"], "Invalid value for '--top'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(run, photos, command, options, words):
    code, _, err = command(photos, run.folder, *options)
    assert code == 2 and words in err and "Traceback" not in err
    assert list(Path().iterdir()) == []


def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(run, photos, command, monkeypatch):
    monkeypatch.setattr("kfood.prediction.stream._BATCH", 4)
    asked = []

    def probabilities(self, pixels, known=RunPredictor.probabilities):
        asked.append(len(pixels))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return known(self, pixels)

    monkeypatch.setattr(RunPredictor, "probabilities", probabilities)
    code, out, _ = command(photos, run.folder, "--out", "mine.csv")
    assert code == 130 and "Stopped: 4 photos are in mine.csv. The same command with --resume goes on." in out
    code, out, _ = command(photos, run.folder, "--out", "mine.csv", "--resume")
    assert code == 0 and "4 photos are in mine.csv already." in out
    require_as_judged(run, pd.read_csv("mine.csv"))
    assert [path.name for path in Path().iterdir()] == ["mine.csv"]
