"""The resolved recipes and the environments of runs, as tables with a column a run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kfood.recipes.schema import Recipe
from kfood.run.folder import Run


@dataclass(frozen=True)
class Setting:
    """One key: its value in each run, whether the runs differ in it, whether any value is not kfood's default."""

    key: str
    values: list[str]
    differs: bool
    changed: bool = False


@dataclass(frozen=True)
class SettingsGroup:
    """The settings of one section."""

    name: str
    settings: list[Setting]


def recipe_groups(runs: list[Run]) -> list[SettingsGroup]:
    """Return all resolved settings by section, in the order of the schema."""
    recipes = [run.recipe.model_dump(mode="json") for run in runs]
    defaults = Recipe().model_dump(mode="json")
    groups, alone = [], []
    for section, default in defaults.items():
        if isinstance(default, dict):
            values = [recipe[section] for recipe in recipes]
            rows = [_setting(key, [value[key] for value in values], default[key]) for key in default]
            groups.append(SettingsGroup(section, rows))
        elif section == "ladder":
            alone.append(_setting(section, [_ladder(recipe[section]) for recipe in recipes], ""))
        else:
            alone.append(_setting(section, [recipe[section] for recipe in recipes], recipes[0][section]))
    return [SettingsGroup("recipe", alone), *groups]


def environment_groups(runs: list[Run]) -> list[SettingsGroup]:
    """Return versions, device, seeds and data of the runs; what a run did not note is ''."""
    found = [_environment(run) for run in runs]
    keys = dict.fromkeys(key for environment in found for key in environment)
    return [SettingsGroup("environment", [_setting(key, [of.get(key, "") for of in found]) for key in keys])]


def settings_that_differ(runs: list[Run], keys: list[str]) -> pd.DataFrame:
    """Return the values of these keys, such as "optimizer.lr": `key` and a column a run, '–' where it has none."""
    flat = [_flat(run.recipe.model_dump(mode="json")) for run in runs]
    for values in flat:
        values["ladder"] = _ladder(values["ladder"])
    columns = {run.name: [text_of(values.get(key)) for key in keys] for run, values in zip(runs, flat, strict=True)}
    return pd.DataFrame({"key": keys} | columns)


def text_of(value: Any) -> str:  # noqa: ANN401 - whatever a recipe holds
    """Return a value as a person would write it."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {text_of(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text_of, value))
    return str(value)


def _setting(key: str, values: list[Any], default: Any = None) -> Setting:  # noqa: ANN401 - see text_of
    texts = [text_of(value) for value in values]
    changed = default is not None and any(value != default for value in values)
    return Setting(key, texts, len(set(texts)) > 1, changed)


def _ladder(steps: list[dict[str, Any]]) -> str:
    lines = [", ".join(f"{key} = {text_of(value)}" for key, value in _flat(step).items()) for step in steps]
    return "\n".join(f"{number}. {line or 'the recipe as it is'}" for number, line in enumerate(lines, 1))


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat


def _environment(run: Run) -> dict[str, Any]:
    noted = dict(run.environment)
    noted.pop("portfolio", None)  # has a section of its own
    noted["run folder"] = str(run.folder)
    noted["seed"], noted["seed of the split"] = run.recipe.training.seed, run.recipe.data.split_seed
    if isinstance(packages := noted.pop("packages", None), dict):
        noted |= packages
    if isinstance(command := noted.get("command"), list):
        noted["command"] = shlex.join(map(str, command))
    return {key.replace("_", " "): value for key, value in noted.items()}
