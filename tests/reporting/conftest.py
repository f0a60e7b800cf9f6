"""Runs written by hand, and the page made of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kfood.reporting.page import write_report
from support.fake_run import fake_run
from support.html_page import Page, read_page

DISHES = {"갈비찜": 14, "김밥": 10, "라면": 12}


@pytest.fixture
def one_run(tmp_path):
    return fake_run(tmp_path / "runs" / "mission1" / "20261123-145500-aaaa", tmp_path / "photos", DISHES)


@pytest.fixture
def page_of(tmp_path) -> Callable[..., Page]:
    """Return a function that writes a report of runs and reads it."""

    def write_and_read(*runs, sections=None, split="test", photos=True) -> Page:
        return read_page(write_report(list(runs), sections or {}, tmp_path / "report.html", split, photos))

    return write_and_read
