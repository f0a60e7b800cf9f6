"""The command line as a user meets it, in process and in an empty folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Answer(NamedTuple):
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def kfood(here, monkeypatch, capsys) -> Callable[..., Answer]:
    """Return a function that runs `kfood` with the arguments given."""
    from kfood.cli.main import main

    monkeypatch.setenv("COLUMNS", "200")  # so that typer breaks no sentence

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["kfood", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in capsys.readouterr()]
        return Answer(ended.value.code or 0, *printed)

    return run
