"""Find a recipe, extend it, override it, check it; explain what is wrong in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kfood.errors import KfoodError, RecipeError
from kfood.recipes.explain import validate
from kfood.recipes.schema import Candidate, Recipe, nfc
from kfood.text import did_you_mean, listed, shortened

if sys.version_info >= (3, 11):
    import tomllib as tomllib  # for others too
else:
    import tomli as tomllib

_OF_CANDIDATES = (("data", "size"), ("model", "frozen_stages"), ("optimizer", "lr"))  # what one may decide by itself
_DEEPEST = 10  # tables within each other; demo.loss.class_weights.갈비찜, in a step of a ladder, needs half of that
DEMO = "demo"  # the value of data.root that stands for the drawn photos


def recipes_folder() -> Path:
    """Return the folder of the shipped recipes: inside the package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    shipped = here / "shipped"
    return shipped if shipped.is_dir() else here.parents[2] / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """Return the shipped recipes by name, sorted."""
    return {path.stem: path for path in sorted(recipes_folder().glob("*.toml"), key=lambda path: path.stem)}


def find_recipe(name: str, beside: Path | None = None) -> Path:
    """Return the file of a recipe given by name or path.

    A path ends in .toml or holds a slash. A name is looked for beside the file that names it, then among the
    shipped recipes.

    Raises:
        RecipeError: there is none; the message gives the nearest name.
    """
    if beside and not is_path(name) and os.path.isfile(beside / f"{name}.toml"):
        return beside / f"{name}.toml"
    return find_file(name, shipped_recipes(), ("recipe", "recipes"), beside)


def is_path(name: str) -> bool:
    """Return whether a person names a file of theirs, not something shipped."""
    return name.endswith(".toml") or "/" in name or os.sep in name


def find_file(name: str, shipped: Mapping[str, Path], called: tuple[str, str], beside: Path | None = None) -> Path:
    """Return the file that a path or the name of something shipped means.

    Args:
        name: a path, or a name out of `shipped`.
        shipped: files by name.
        called: what one of them is, and several.
        beside: the folder that a path is meant from.

    Raises:
        RecipeError: there is none; the message gives the nearest name.
    """
    one, several = called
    if is_path(name):
        path = (beside or Path()) / os.path.expanduser(name)
        if os.path.isfile(path):
            return path
        raise RecipeError(f"There is no {one} file {shortened(str(path), 400)}.")
    if name not in shipped:
        raise RecipeError(
            f'There is no {one} "{shortened(name)}".{did_you_mean(name, shipped)} '
            f"The {several} are {listed(shipped, 20)}; a file of yours is named by its path, ending in .toml."
        )
    return shipped[name]


def load_recipe(name: str, settings: Iterable[str] = (), data: str | None = None) -> Recipe:
    """Load a recipe by name or path and settle everything it leaves open.

    Args:
        name: a shipped recipe or the path of a .toml file.
        settings: `"training.epochs=5"`; the value is TOML, or plain text where it is not.
        data: folder, CSV or "demo". It comes before `data.root` of the recipe, and that before `KFOOD_DATA`;
            where none is given the demo photos are used, and the recipe's `[demo]` table applies.

    Raises:
        RecipeError: the file is missing, is no TOML, extends itself, or says what a recipe cannot say.
    """
    path = find_recipe(name)
    written = _extended(path)
    overrides = _overrides(settings)
    root = data or _root(overrides) or _root(written) or os.environ.get("KFOOD_DATA") or DEMO
    if isinstance(root, str) and root != DEMO:
        root = str(Path(os.path.expanduser(root)).absolute())  # a run's recipe means the same from every folder
    for_demo = written.pop("demo", {})
    chosen = [written, *([for_demo] if root == DEMO else []), overrides, {"data": {"root": root}}]
    resolved: dict[str, Any] = {"name": nfc(path.stem)}
    for layer in chosen:
        resolved = merged(resolved, layer)
    if isinstance(resolved.get("ladder"), list):  # what a person sets stays set on every step
        resolved["ladder"] = [
            merged(step, overrides) if isinstance(step, dict) else step for step in resolved["ladder"]
        ]
    resolved["candidates"] = _candidates_beside(resolved.get("candidates", []), overrides)
    return validate(resolved, str(path) if not overrides else f"{path}, with what --set gives")


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return a recipe with some settings changed, as `load_recipe` takes them. Raises RecipeError as it does."""
    return with_changes(recipe, _overrides(settings), f"{recipe.name}, with what --set gives")


def with_changes(recipe: Recipe, changes: Mapping[str, Any], source: str) -> Recipe:
    """Return a recipe with tables of changes merged into it; `source` names them where they are wrong.

    Raises:
        RecipeError: they say what a recipe cannot say.
    """
    return validate(merged(recipe.model_dump(), changes), source)


def ladder_steps(recipe: Recipe, source: str = "", candidate: Candidate | None = None) -> list[Recipe]:
    """Return the recipe as each step of its ladder changes it; just the recipe itself where it has none.

    Args:
        recipe: as resolved.
        source: what messages begin with; the recipe's name where not given.
        candidate: one of the recipe's, which is to be its network.

    Raises:
        RecipeError: a step says what a recipe cannot say.
    """
    whole = recipe.model_dump(exclude={"ladder", "candidates"})
    with_it, changes = (f" with {candidate.arch}", candidate.changes) if candidate else ("", {})
    return [
        validate(merged(merged(whole, step), changes), f"{source or recipe.name}, step {number} of its ladder{with_it}")
        for number, step in enumerate(recipe.ladder or ({},), 1)
    ]


def read_text(path: Path) -> str:
    """Return a recipe file as it is written.

    Raises:
        RecipeError: it cannot be read, or is not in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not in UTF-8: save it as UTF-8.") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        RecipeError: it is no TOML or no UTF-8; the message has the line.
    """
    try:
        table = tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # also where Python refuses too many digits or brackets
        raise RecipeError(f"{path} is not a TOML file: {shortened(str(error), 400)}.") from None
    if _deeper(table, _DEEPEST):
        raise RecipeError(f"{path}: tables and lists stand within each other deeper than in any recipe.")
    return table


def _deeper(value: Any, levels: int) -> bool:  # noqa: ANN401 - whatever TOML holds
    """Say whether tables and lists stand within each other more than `levels` deep; it stops there."""
    if not isinstance(value, (dict, list)):
        return False
    within = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(each, levels - 1) for each in within)


def summary(path: Path) -> str:
    """Return the first comment of a recipe file: what it is, in a line."""
    first = read_text(path).splitlines()[0]
    return first.lstrip("# ").partition(": ")[2] or first.lstrip("# ")


def summaries(files: Mapping[str, Path]) -> list[str]:
    """Return a line for each file: its name and what it is, set below each other."""
    width = max(map(len, files))
    return [f"{name:{width}}  {summary(path)}" for name, path in files.items()]


def _extended(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return a recipe merged with all that it extends, each checked by itself: a fault is told of its own file."""
    path = path.resolve()
    if path in above:
        chain = " -> ".join(step.stem for step in (*above[above.index(path) :], path))
        raise RecipeError(f"{path}: the recipes extend each other in a circle ({chain}).")
    own = read_toml(path)
    base = own.pop("extends", None)
    if base is None:
        return _checked(own, path)
    if not isinstance(base, str):
        raise RecipeError(f"{path}: extends must name one recipe, in quotes.")
    try:
        base_path = find_recipe(base, beside=path.parent)
    except KfoodError as error:
        raise RecipeError(f'{path}: extends = "{shortened(base)}" cannot be followed. {error}') from None
    return _checked(merged(_extended(base_path, (*above, path)), own), path)


def _checked(written: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return `written` once it is right without its [demo] table and with it, whichever will be trained."""
    for_demo = written.get("demo", {})
    if not isinstance(for_demo, dict):
        raise RecipeError(f"{path}: demo must be a table of overrides, such as [demo.data].")
    without = {key: value for key, value in written.items() if key != "demo"}
    for table, source in ((without, str(path)), (merged(without, for_demo), f"{path}, with its [demo] table")):
        recipe = validate(table, source)
        for candidate in (None, *recipe.candidates):
            ladder_steps(recipe, source, candidate)
    return written


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables within tables, with those of `change` laid over those of `base`."""
    result = dict(base)
    for key, value in change.items():
        both_tables = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        result[key] = merged(base[key], value) if both_tables else value
    return result


def _overrides(settings: Iterable[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        steps = key.strip().split(".")
        if not equals or len(steps) < 2 or not all(steps):
            raise RecipeError(
                f'--set "{shortened(setting)}" is not of the form section.key=value, as training.epochs=5.'
            )
        try:
            value: Any = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):  # see read_toml
            value = text.strip()
        for step in reversed(steps):
            value = {step: value}
        result = merged(result, value)
    return result


def _candidates_beside(candidates: Any, overrides: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return the candidates as what a person sets leaves them: none where the network or its weights are set."""
    table = {section: set(keys) for section, keys in overrides.items() if isinstance(keys, Mapping)}
    if table.get("model", set()) & {"arch", "pretrained", "pretrained_file", "start_from"}:
        return []
    if not isinstance(candidates, list):
        return candidates
    decided = [key for section, key in _OF_CANDIDATES if key in table.get(section, ())]
    return [
        {key: value for key, value in each.items() if key not in decided} if isinstance(each, dict) else each
        for each in candidates
    ]


def _root(layer: dict[str, Any]) -> str:
    data = layer.get("data", {})
    return data.get("root", "") if isinstance(data, dict) else ""


def on_the_same_terms(before: Recipe, recipe: Recipe) -> Recipe:
    """Return the earlier recipe with this one's photos, split, size and body, and its own classes."""
    own = {"subset": before.data.subset, "classes": before.data.classes}
    body = recipe.model.model_dump(include={"arch", "pretrained", "pretrained_file"})
    return before.model_copy(
        update={
            "data": recipe.data.model_copy(update=own),
            "model": before.model.model_copy(update=body),
        }
    )


_RENAMED = {"model": {"mirror": "hflip_tta"}, "loss": {"robust": "gce_q"}}  # after version 0.1


def with_current_names(table: dict[str, Any]) -> dict[str, Any]:
    """Return the table of an old run's recipe with the keys that were renamed since under their present names."""
    return table | {
        section: {names.get(key, key): value for key, value in table[section].items()}
        for section, names in _RENAMED.items()
        if isinstance(table.get(section), dict)
    }
