"""`kfood report`: which runs, and where the page goes."""

import pytest
import typer
from typer.testing import CliRunner

from kfood.cli.report import report
from kfood.errors import KfoodError
from kfood.interpretation.section import Section
from kfood.reporting import runs_page
from support.fake_run import fake_run
from support.html_page import read_page


@pytest.fixture
def runs_folder(tmp_path, monkeypatch):
    """Two runs; nothing is interpreted, which other tests do."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("mission1/20261123-120000-aaaa", "mission2/20261123-130000-bbbb")):
        fake_run(tmp_path / "runs" / name, tmp_path / "photos", ["김밥", "라면"], seed=seed)
    sections = [Section("confusion", "Confusion", ["Said about it."])]
    monkeypatch.setattr(runs_page, "interpret_run", lambda run, chosen, request: sections)
    return tmp_path / "runs"


@pytest.fixture
def answer(runs_folder):
    app = typer.Typer()
    app.command()(report)

    def run(*arguments):
        result = CliRunner().invoke(app, [*map(str, arguments), "--runs", str(runs_folder)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_the_latest_run_where_none_is_named(answer, runs_folder):
    page = runs_folder / "mission2" / "20261123-130000-bbbb" / "report.html"
    assert answer().output.splitlines()[-1] == f"Written: {page} ({page.stat().st_size / 1e6:.1f} MB)"
    assert "Said about it." in read_page(page).text


def test_several_runs_go_into_one_page_in_the_current_folder(answer, tmp_path):
    assert "Written: report.html" in answer("mission1", "mission2").output
    assert "2 runs compared" in read_page(tmp_path / "report.html").text


def test_another_file_split_and_no_photos(answer, tmp_path):
    answer("mission1", "--out", tmp_path / "new" / "page.html", "--split", "valid", "--no-photos")
    page = read_page(tmp_path / "new" / "page.html")
    assert "Results on the validation photos" in page.text
    assert page.thumbnails == []


def test_what_cannot_be_shown_is_said_before_any_work(answer, monkeypatch):
    monkeypatch.setattr(runs_page, "interpret_run", lambda *_: pytest.fail("a run was interpreted"))
    with pytest.raises(KfoodError, match="named twice"):
        answer("mission1", "mission1")
    with pytest.raises(KfoodError, match='no predictions for "train"'):
        answer("mission1", "--split", "train")
