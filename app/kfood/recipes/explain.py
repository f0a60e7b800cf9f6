"""Check what a recipe, or another TOML file of kfood's, says, and put what is wrong into words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from kfood.errors import RecipeError
from kfood.recipes.schema import OF_RUN, Recipe
from kfood.text import did_you_mean, shortened

Kind = TypeVar("Kind", bound=BaseModel)


def validate(raw: dict[str, Any], source: str, of_run: bool = False) -> Recipe:
    """Check a recipe's contents; `source` names in the message where they came from.

    With `of_run` it has been trained: what is refused today may have been allowed then, and can still be read.

    Raises:
        RecipeError: one sentence for each fault, with the key, the value and the nearest match.
    """
    return validate_as(Recipe, raw, source, {OF_RUN: of_run})


def validate_as(model: type[Kind], raw: dict[str, Any], source: str, context: dict[str, bool] | None = None) -> Kind:
    """Check the contents of a file that says what `model` may say. Raises RecipeError as `validate` does."""
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        faults = " ".join(dict.fromkeys(_sentence(fault, model) for fault in error.errors()))
        raise RecipeError(f"{source}: {faults}") from None


def _sentence(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    keys = [shortened(str(key)) for key in fault["loc"] if key != "[key]"]
    key, value, kind = ".".join(keys), fault["input"], fault["type"]
    if kind == "extra_forbidden":
        # The same name is no help: extends and demo are keys of a file, not of its [demo] table or of --set.
        known = [name for name in _keys_at(fault["loc"][:-1], model) if name != keys[-1]]
        return f"there is no key {key}.{_nearest_key(keys, known, model)}"
    if kind == "missing" and isinstance(fault["loc"][-1], str):
        return f"the key {key} is missing."
    if kind == "literal_error":
        allowed = fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = did_you_mean(value, allowed) if isinstance(value, str) else ""
        return f"{key} = {_shown(value, _quoted)} is not one of {', '.join(allowed)}.{near}"
    if kind == "value_error":
        shown = f" = {_shown(value, _quoted)}" if isinstance(value, str) else ""
        return f"{key}{shown}: {fault['ctx']['error']}.".removeprefix(": ")  # no key: a fault of the whole recipe
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{key} = {_shown(value)} is not possible: {message}."


def _shown(value: Any, of_text: Callable[[str], str] = repr) -> str:  # noqa: ANN401 - whatever TOML holds
    """Return a value as it was written, or its beginning."""
    try:
        return shortened(of_text(value) if isinstance(value, str) else repr(value))
    except ValueError:  # Python writes out no number of thousands of digits
        return "a number of thousands of digits"


def _quoted(text: str) -> str:
    """Return `text` in the quotes of TOML."""
    return f'"{text}"'


def _keys_at(location: tuple[Any, ...], model: type[BaseModel]) -> list[str]:
    section = model
    for step in location:
        if isinstance(step, str) and step in section.model_fields:  # not the number of a table, or a name of its own
            section = _section(section.model_fields[step].annotation) or section
    return [*section.model_fields, *(["extends", "demo"] if section is Recipe else [])]


def _section(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - whatever a type hint may be
    """Return the section that a field holds, by itself or in a list or a table of such."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_section, get_args(annotation))), None)


def _nearest_key(keys: list[str], known: list[str], model: type[BaseModel]) -> str:
    """Suggest a key of the same table, else the same key in another table."""
    places = [f"{name}.{keys[-1]}" for name, field in model.model_fields.items() if _has(field.annotation, keys[-1])]
    if near := did_you_mean(keys[-1], known):
        return near
    return f" Did you mean {places[0]}?" if places else f" The keys there are {', '.join(known)}."


def _has(section: object, key: str) -> bool:
    return key in getattr(section, "model_fields", {})
