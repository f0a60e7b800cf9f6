"""From photos to a report on consoles, homes and folders as people have them: one process for each kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kfood.run.find import all_runs
from kfood.run.folder import DONE
from support.small import SMALL

pytestmark = pytest.mark.slow

DRIVER = """
import json, sys
from kfood.cli.main import main
codes = []
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as ended:
        codes.append(ended.code or 0)
print("codes", *codes, file=sys.stderr)
"""
PLACES = ("HOME", "KFOOD_CACHE", "KFOOD_RUNS", "XDG_CACHE_HOME")
KINDS = {
    "ascii": {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    "cp949, closed pipe": {"PYTHONIOENCODING": "cp949"},
}


@pytest.fixture
def commands(make_photos, tmp_path) -> list[list[str]]:
    """The whole way; the folders' names are Hangul, one with a letter that no font and no CP949 has."""
    photos, runs = make_photos(tmp_path / "사진", dict.fromkeys(("김밥", "라면", "떡국🍚"), 14)), str(tmp_path / "결과")
    settings = [f"--set={each}" for each in (*SMALL, "training.epochs=1", "model.start_from=")]  # "" is a value here
    return [
        ["data", "check", str(photos)],
        ["train", "mission3", "--data", str(photos), "--runs", runs, *settings],
        ["interpret", "--confusion", "--runs", runs],
        ["report", "--runs", runs],
        ["predict", str(photos), "--runs", runs, "--out", str(tmp_path / "새 폴더" / "p.csv")],
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_done_and_nothing_else_said(commands, tmp_path, kind):

    here = tmp_path / "read only"
    here.mkdir(mode=0o555)
    kept = {name: value for name, value in os.environ.items() if name not in PLACES and not name.startswith("LC_")}
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, json.dumps(commands)],
        cwd=here,
        env=kept | {"COLUMNS": "40", "TMPDIR": str(tmp_path), "KFOOD_CACHE": str(tmp_path / "cache")} | KINDS[kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if kind == "ascii":
        out, err = process.communicate()
        assert not any(word in out.decode(errors="replace") for word in ("Traceback", "Error"))
    else:
        assert process.stdout.readline().decode("cp949").startswith("Data: ")
        process.stdout.close()
        err = process.stderr.read()
        process.wait()
    *said, codes = err.decode(errors="replace").strip().splitlines()
    check, *others = codes.split()[1:]
    assert (check, others) == ("0" if kind == "ascii" else "1", ["0"] * len(others)), err  # 1: nobody reads it
    assert not [line for line in said if "Traceback" in line or "rror" in line]
    (run,) = all_runs(tmp_path / "결과")
    assert run.status == DONE and (run.folder / "report.html").is_file() and any(run.figures.iterdir())
    assert (tmp_path / "새 폴더" / "p.csv").is_file()
    assert list(here.iterdir()) == []


def test_without_a_home_and_a_cache_of_its_own(commands, tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in PLACES}
    done = subprocess.run(
        [sys.executable, "-m", "kfood", *commands[0]],
        cwd=Path("/"),
        env=kept | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "42 of 42 photos can be read" in done.stdout, done.stderr
