"""Find a study and check it."""

from __future__ import annotations

import json
from pathlib import Path

from kfood.errors import KfoodError
from kfood.recipes.explain import validate_as
from kfood.recipes.load import find_file, find_recipe, is_path, load_recipe, merged, read_toml, recipes_folder
from kfood.recipes.schema import Recipe, nfc
from kfood.study.schema import Budget, Changes, Study, Table
from kfood.study.settle import kept_change, resolved
from kfood.text import did_you_mean, listed, shortened


def studies_folder() -> Path:
    """Return the folder of the shipped studies."""
    return recipes_folder() / "studies"


def shipped_studies() -> dict[str, Path]:
    """Return the shipped studies by name, sorted."""
    return {path.stem: path for path in sorted(studies_folder().glob("*.toml"))}


def find_study(name: str) -> Path:
    """Return the file of a study given by name or path.

    Raises:
        KfoodError: there is none; the message gives the nearest name.
    """
    return find_file(name, shipped_studies(), ("study", "studies"))


def load_study(name: str) -> Study:
    """Load a study by name or path, and check every row of it by making its recipe.

    Raises:
        KfoodError: the file is missing or no TOML, a key is unknown, a row says what no recipe can say, or two rows
            of a table are the same training.
    """
    path = find_study(name)
    study = validate_as(Study, {"name": path.stem, **read_toml(path)}, str(path))
    study = study.model_copy(update={"recipe": _recipe_of(study, path)})
    base = load_recipe(study.recipe, data="photos")
    carried: Changes = {}
    for table in study.tables:
        _require_rows_differ(table, resolved(base, str(path), study.settings, carried), path)
        carried = merged(carried, kept_change(table))
    start = load_recipe(base.model.start_from, data="photos") if base.model.start_from else base
    for name_of, budget in study.budgets.items():
        resolved(base, f"{path}: budgets.{name_of}.settings", budget.settings)
        resolved(start, f"{path}: budgets.{name_of}.start_settings", budget.start_settings)
    return study


def choose_tables(study: Study, names: list[str]) -> list[Table]:
    """Return the tables of these names in the study's order; all of them where none is named.

    Raises:
        KfoodError: there is no such table.
    """
    known = [table.name for table in study.tables]
    names = [next((each for each in known if nfc(each) == nfc(name)), name) for name in names]
    for name in names:
        if name not in known:
            raise KfoodError(
                f'The study {study.name} has no table "{shortened(name)}".{did_you_mean(name, known)} '
                f"It has {listed(known, 40)}."
            )
    return [table for table in study.tables if not names or table.name in names]


def choose_budget(study: Study, name: str) -> Budget:
    """Return a budget of the study. Raises KfoodError where it has none of that name."""
    if name not in study.budgets:
        raise KfoodError(
            f'The study {study.name} has no budget "{shortened(name)}".{did_you_mean(name, study.budgets)} '
            f"It has {listed(study.budgets)}."
        )
    return study.budgets[name]


def _recipe_of(study: Study, path: Path) -> str:
    """Return a shipped recipe's name as it is; a file's path, which is meant from the study's folder, whole."""
    is_file = is_path(study.recipe)
    try:
        found = find_recipe(study.recipe, beside=path.parent if is_file else None)
    except KfoodError as error:
        raise KfoodError(f'{path}: recipe = "{shortened(study.recipe)}" cannot be followed. {error}') from None
    return str(found.absolute()) if is_file else study.recipe


def _require_rows_differ(table: Table, base: Recipe, path: Path) -> None:
    seen: dict[str, str] = {}
    for row in table.rows:
        where = f'{path}: row "{row.name}" of the table {table.name}'
        recipe = resolved(base, where, table.settings, row.settings, row.change)
        text = json.dumps(recipe.model_dump(mode="json"), sort_keys=True)
        if text in seen:
            raise KfoodError(f'{where} is the same training as row "{seen[text]}": leave one of them out.')
        seen[text] = row.name
