"""A small study on drawn photos."""

from collections.abc import Callable

import pytest

from kfood.study.session import Session, open_session

STUDY = """\
recipe = "mission1"

[settings.data]
size = 32

[settings.model]
arch = "test_resnet"

[settings.training]
epochs = 2
workers = 0

[budgets.small]
about = "small"
seeds = 2

[[tables]]
name = "batch-size"
title = "Batch size"
[[tables.rows]]
name = "8"
change.training.batch_size = 8
report.valid = 0.5
[[tables.rows]]
name = "16"
change.training.batch_size = 16
kept = true
[[tables.rows]]
name = "4000"
change.training.batch_size = 4000

[[tables]]
name = "loss"
title = "Loss"
[[tables.rows]]
name = "plain"
[[tables.rows]]
name = "smooth"
change.loss.label_smoothing = 0.1
"""


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path / "photos", {"김치찌개": 20, "된장찌개": 20})


@pytest.fixture
def study_file(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(STUDY, encoding="utf-8")
    return file


@pytest.fixture
def arguments(study_file, photos, tmp_path) -> Callable[..., tuple]:
    """What `open_session` takes, for all tables of the small study."""

    def of(data=photos, greedy=False) -> tuple:
        return str(study_file), [], "small", None, str(data), greedy, None, tmp_path / "runs"

    return of


@pytest.fixture
def session(arguments) -> Session:
    return open_session(*arguments())
