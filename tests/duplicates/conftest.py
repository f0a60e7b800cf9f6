"""Photos are compared without a network, unless a test asks for it: that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kfood.duplicates import matching as duplicates
from kfood.errors import KfoodError
from kfood.system.files import content_digest


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(samples, run=None):
        raise KfoodError("The weights are not installed.")

    monkeypatch.setattr(duplicates, "embed", refuse)


@pytest.fixture
def samples_of():
    """Return a function: rows of (path, label, split) as samples of one data set, each photo in a group of its own."""

    def make(*rows: tuple[Path, str, str]) -> pd.DataFrame:
        table = pd.DataFrame(rows, columns=["path", "label", "split"]).astype({"path": str})
        table = table.assign(area="", subset="", group=table["path"], together="")
        return table.assign(digest=[content_digest(Path(path).read_bytes()) for path in table["path"]])

    return make
