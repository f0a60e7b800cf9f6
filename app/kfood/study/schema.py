"""What a study may say: tables of rows, each row a small change to a recipe, with the report's figures beside it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from kfood.recipes.schema import FileName, RecipeSection, Share

Changes = dict[str, Any]  # tables of a recipe; checked when the recipe is made


def _short_name(name: str) -> str:
    if not name or name.startswith("-") or set(name) & set(" /\\,\n\t"):
        raise ValueError("must not be empty, begin with -, or hold a space, comma or slash, because commands name it")
    return name


Name = Annotated[str, AfterValidator(_short_name)]
Accuracy = Annotated[float, Field(ge=0, le=1)]


class Figures(RecipeSection):
    """What the report says of a row; None where it says nothing."""

    valid: Accuracy | None = None
    valid_loss: float | None = Field(None, ge=0)
    test: Accuracy | None = None
    note: str = ""  # such as "lower, figure only in a picture"


class Row(RecipeSection):
    """One choice: what it changes, and whether the report went on with it."""

    name: Name
    change: Changes = Field(default_factory=dict)  # carried on to the next tables where this row wins
    settings: Changes = Field(default_factory=dict)  # hold for this row alone
    report: Figures = Figures()
    kept: bool = False  # the report's choice


class Reported(RecipeSection):
    """What the report's figures were measured on: only on the like of it can they be reproduced."""

    classes: int = Field(ge=2)
    valid: int = Field(ge=1)  # photos
    test: int = Field(ge=1)
    margin: Share = 0.03  # of accuracy: as near as this counts as reproduced


class Table(RecipeSection):
    """Rows that are compared with each other; nothing differs between them but what they say."""

    name: Name
    title: str
    section: str = ""  # of the report
    settings: Changes = Field(default_factory=dict)  # hold in this table alone
    reported: Reported | None = None  # where it is not what the study says
    rows: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ_and_one_is_kept(self) -> Table:
        _require_different([row.name for row in self.rows], f"rows of the table {self.name}")
        if sum(row.kept for row in self.rows) > 1:
            raise ValueError(f"the table {self.name} has more than one row with kept = true")
        return self


class Budget(RecipeSection):
    """How much of the real study is made. What a row itself changes stands above `settings`."""

    about: str  # printed in every table
    seeds: int = Field(3, ge=1, le=100)
    epochs: float = Field(1.0, gt=0, le=1)  # share of each row's epochs; one at least
    settings: Changes = Field(default_factory=dict)
    start_settings: Changes = Field(default_factory=dict)  # of the recipes that rows start from


class Study(RecipeSection):
    """A whole study. `name` is the file's name without its ending."""

    name: Name = "study"
    recipe: FileName  # by name or path: what every row changes
    settings: Changes = Field(default_factory=dict)  # hold in the whole study
    reported: Reported | None = None
    budgets: dict[Name, Budget] = Field(min_length=1)
    tables: tuple[Table, ...] = Field(min_length=1)

    def reported_of(self, table: Table) -> Reported | None:
        """Return what the report's figures of a table were measured on."""
        return table.reported or self.reported

    @model_validator(mode="after")
    def _names_differ(self) -> Study:
        _require_different([table.name for table in self.tables], "tables")
        return self


def _require_different(names: list[str], of: str) -> None:
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f'two {of} are called "{twice}"')
