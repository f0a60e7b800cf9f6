"""`kfood data conflicts`."""

import shutil

import pytest
import typer
from typer.testing import CliRunner

from kfood.cli.conflicts import conflicts
from kfood.errors import KfoodError
from support.fake_run import fake_run
from support.html_page import read_page


@pytest.fixture
def answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(conflicts)

    def run(*arguments):
        result = CliRunner().invoke(app, [*map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return run


@pytest.fixture
def photos(make_photos, tmp_path):
    root = make_photos(tmp_path / "photos", {"김밥": 6, "라면": 6})
    shutil.copy(root / "김밥" / "0000.jpg", root / "라면" / "same.jpg")
    (root / "라면" / "broken.jpg").write_bytes(b"no photo")
    return root


def test_what_is_found_is_counted_and_written(answer, photos, tmp_path):
    said = answer(photos)
    assert "13 photos" in said
    assert "under two labels" in said
    assert "김밥/0000.jpg (김밥" in said
    assert "Left out, cannot be read: 1." in said
    assert {file.name for file in (tmp_path / "conflicts").iterdir()} == {
        "conflicts.csv",
        "conflicts.html",
        "fixes.csv",
        "groups.csv",
    }


def test_with_a_run_its_photos_are_looked_at_and_its_accuracy_is_told(answer, tmp_path):
    folder = tmp_path / "photos"
    run = fake_run(tmp_path / "runs" / "mission1" / "one", folder, ["김밥", "라면"], settings=(f"data.root={folder}",))
    test, train = (run.samples.loc[run.samples["split"] == split, "path"].iloc[0] for split in ("test", "train"))
    shutil.copy(train, test)
    said = answer("--run", "mission1", "--runs", tmp_path / "runs", "--out", tmp_path / "out")
    assert "20 photos" in said
    assert "Accuracy of mission1/one" in said
    assert "without copies" in said
    shown = read_page(tmp_path / "out" / "conflicts.html").text
    assert "What is left of the accuracy of mission1/one" in shown
    assert "seen by mission1/one" in shown
    assert len((tmp_path / "out" / "leaks.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


def test_a_run_that_has_seen_no_test_photo(answer, tmp_path):
    folder = tmp_path / "photos"
    fake_run(tmp_path / "runs" / "mission1" / "one", folder, ["김밥", "라면"], settings=(f"data.root={folder}",))
    assert "Accuracy of mission1/one" in answer("--run", "mission1", "--runs", tmp_path / "runs")
    shown = read_page(tmp_path / "conflicts" / "conflicts.html").text
    assert "What is left of the accuracy" in shown
    assert "Test photos that were seen" not in shown


def test_no_photos(answer, tmp_path):
    with pytest.raises(KfoodError, match="There is no data folder"):
        answer(tmp_path / "nowhere")
    assert not (tmp_path / "conflicts").exists()
