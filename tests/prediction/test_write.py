"""All predictions into a file: interrupted, it goes on where it was, and nowhere else."""

import pandas as pd
import pytest

from kfood.errors import KfoodError
from kfood.prediction import stream, write
from kfood.prediction.sources import find_photos
from kfood.prediction.write import unfinished_file, write_predictions
from support.colours import CLASSES, Colours, likeliest, paint


@pytest.fixture
def predictor(monkeypatch):
    """In the place of the model that is named, whose file its name is."""
    colours = Colours()
    monkeypatch.setattr(write, "load_predictor", lambda model, photos, asked: colours)
    monkeypatch.setattr(write, "identity", lambda model: f"digest of {model}")
    monkeypatch.setattr(stream, "_BATCH", 4)
    return colours


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(10):
        paint(tmp_path / "photos" / f"{number}.png", number)
    (tmp_path / "photos" / "x.png").write_bytes(b"no photo")
    return tmp_path / "photos"


def predicted(file, *sources, model="model", **options):
    return write_predictions(model, find_photos(sources or ["photos"]), file, **options)


def interrupt(monkeypatch, predictor, after=6, error=KeyboardInterrupt):
    """Let the batch after so many photos end the work."""

    def probabilities(pixels, known=predictor.probabilities):
        if sum(predictor.batches) >= after:
            raise error
        return known(pixels)

    monkeypatch.setattr(predictor, "probabilities", probabilities)


def read(file):
    return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)


@pytest.fixture(params=["a.csv", "a.parquet"])
def file(request, tmp_path):
    return tmp_path / request.param


def test_every_photo_has_a_row(predictor, photos, file):
    written = predicted(file, top=9)
    assert (written.photos, written.read, written.unread) == (11, 10, 1)
    assert written.first_reason == "cannot identify image file"
    table = read(file)
    assert table["predicted"].tolist()[:10] == [likeliest(number) for number in range(10)]
    assert list(table) == stream.column_names(len(CLASSES))
    assert table["error"].isna().tolist() == [True] * 10 + [False]
    assert sorted(path.name for path in file.parent.iterdir()) == sorted(["photos", file.name])


def test_what_was_interrupted_goes_on_without_predicting_anything_twice(predictor, photos, file, monkeypatch, caplog):
    caplog.set_level("INFO", "kfood")
    wanted = read(file) if predicted(file) else None
    with monkeypatch.context() as patch:
        predictor.batches.clear()
        interrupt(patch, predictor)
        with pytest.raises(KeyboardInterrupt):
            predicted(file)
    assert f"Stopped: 8 photos are in {file}. The same command with --resume goes on." in caplog.text
    pd.testing.assert_frame_equal(read(file), wanted[:8], check_dtype=False)
    predictor.batches.clear()
    written = predicted(file, resume=True)
    assert (written.photos, sum(predictor.batches)) == (11, 2)
    pd.testing.assert_frame_equal(read(file), wanted)
    assert not unfinished_file(file).exists()


@pytest.fixture
def unfinished(predictor, photos, file, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt(patch, predictor, error=ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            predicted(file)
    return file


def test_another_model_top_or_other_photos_are_refused_and_nothing_is_changed(unfinished, photos):
    before = {path: path.read_bytes() for path in unfinished.parent.glob("*a.*")}
    with pytest.raises(KfoodError, match=r"was begun by another model than colours"):
        predicted(unfinished, model="another", resume=True)
    with pytest.raises(KfoodError, match=r"was begun with --top 3: say so"):
        predicted(unfinished, top=2, resume=True)
    paint(photos / "00.png", 0)
    with pytest.raises(KfoodError, match=r"the 2. is photos/1.png there, but now it is photos/00.png"):
        predicted(unfinished, resume=True)
    with pytest.raises(KfoodError, match=r"the 2. is photos/1.png there, but now there are fewer"):
        predicted(unfinished, "photos/0.png", resume=True)
    assert {path: path.read_bytes() for path in unfinished.parent.glob("*a.*")} == before


def test_an_unfinished_file_is_not_written_over_in_silence(unfinished):
    with pytest.raises(KfoodError, match="is unfinished: --resume goes on with it; remove .*unfinished to write it"):
        predicted(unfinished)
    unfinished_file(unfinished).unlink()
    assert predicted(unfinished).photos == 11


def test_what_is_finished_is_not_resumed(predictor, photos, file):
    assert predicted(file, resume=True).photos == 11  # where there is none, it begins
    with pytest.raises(KfoodError, match="is finished, or not of kfood predict: there is nothing to go on with"):
        predicted(file, resume=True)
    assert predicted(file).photos == 11


def test_a_failure_before_the_first_row_is_in_nobodys_way(predictor, photos, file, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt(patch, predictor, after=0, error=ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            predicted(file)
    assert predicted(file).photos == 11


def test_an_archive_goes_on_as_well(predictor, photos, tmp_path, monkeypatch):
    import shutil

    shutil.make_archive(str(tmp_path / "all"), "gztar", tmp_path, "photos")
    file = tmp_path / "a.csv"
    with monkeypatch.context() as patch:
        interrupt(patch, predictor)
        with pytest.raises(KeyboardInterrupt):
            predicted(file, "all.tar.gz")
    assert predicted(file, "all.tar.gz", resume=True).photos == 11
    told = dict(zip(read(file)["path"], read(file)["predicted"], strict=True))
    assert told["all.tar.gz/photos/4.png"] == likeliest(4) and len(told) == 11
