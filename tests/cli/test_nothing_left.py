"""A command that is refused leaves nothing where --out says, not even the folders of it."""

import pytest

from kfood.recipes.schema import Recipe
from kfood.run.folder import DONE, create_run
from support.colours import paint


@pytest.mark.parametrize(
    "command",
    [
        "predict gone.jpg run --out new/deep/a.csv",
        "predict photos run --out new/deep/a.csv",
        "predict photos run --out new/deep/a.parquet",
        "predict photos run --out new/deep/a.csv --resume",
        "export run --out new/deep/out",
        "report run --out new/deep/a.html",
        "data duplicates gone --out new/deep/out",
        "data label-issues run --out new/deep/out",
        "pair remedies mission1 --pair a b --data photos --out new/deep/a.csv",
    ],
)
def test_a_refused_command_leaves_no_folder(kfood, here, command):
    """Of a run whose weights and tables are gone."""
    create_run(Recipe(name="mine"), {}, here / "run").status_file.write_text(DONE)
    paint(here / "photos" / "0.png", 0)
    before = sorted(here.rglob("*"))
    answer = kfood(*command.split())
    assert answer.code == 2 and answer.err.startswith("Error: ") and answer.err.count("\n") == 1
    assert sorted(here.rglob("*")) == before
