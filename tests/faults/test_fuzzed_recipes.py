"""Recipes spoiled at random, on the way that the command line takes: a recipe, or one sentence that names it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe, shipped_recipes
from kfood.recipes.schema import Recipe
from support.soak import drawn

pytestmark = pytest.mark.slow

SHIPPED = [path.read_bytes() for path in shipped_recipes().values()]
NASTY_VALUES = [
    *("nan", "-inf", "1e999", "-1", "0", "9" * 30, "9" * 5000, f"0x{'f' * 5000}", "2020-01-01", "07:32:00"),
    *('""', '"\\u0000"', '"a\\u001b[2J\\nb"', "'~nobody/x'", '"../../.."', '"/dev/null"', '"(a{99999999999})"', "true"),
    *("[]", "[[]]", "{}", "{a = 1}", "[" * 3000 + "]" * 3000, "{a = " * 400 + "1" + "}" * 400, '["a", 1, nan]'),
    *("." * 5, f'"{"갈" * 3000}"', "'''\n\n'''", "'('", '"((((((((((a+)+)+)+)"', ".".join("a" * 3000)),
]


def line_of(recipe: bytes, number: int) -> tuple[list[bytes], int]:
    lines = recipe.splitlines(keepends=True)
    return lines, number % len(lines)


@st.composite
def spoiled(draw) -> bytes:
    """A shipped recipe with a few faults: bytes, keys, values, lines."""
    content = draw(st.sampled_from(SHIPPED))
    for _ in range(draw(st.integers(1, 4))):
        lines, at = line_of(content or b"\n", draw(st.integers(0, 10**4)))
        kind = draw(st.sampled_from(["byte", "value", "key", "twice", "gone", "text", "cut", "deep"]))
        if kind == "byte":
            spot = draw(st.integers(0, max(0, len(content) - 1)))
            content = content[:spot] + bytes([draw(st.integers(0, 255))]) + content[spot + 1 :]
            continue
        if kind == "value":
            value = draw(st.sampled_from(NASTY_VALUES)).encode()
            with_value = [number for number, line in enumerate(lines) if re.match(rb"\s*[\w.\"]+\s*=", line)]
            if with_value:
                at = with_value[at % len(with_value)]
                lines[at] = lines[at].partition(b"=")[0] + b"= " + value + b"\n"
        elif kind == "key":
            lines[at] = draw(st.text(max_size=30)).encode("utf-8", "surrogatepass") + lines[at]
        elif kind == "twice":
            lines.insert(at, lines[at])
        elif kind == "gone":
            del lines[at]
        elif kind == "text":
            lines.insert(at, draw(st.binary(max_size=40)))
        elif kind == "cut":
            del lines[at:]
        else:
            lines.append(b"[" + b".".join([b"a"] * draw(st.integers(1, 3000))) + b"]\n")
        content = b"".join(lines)
    return content


def require_recipe_or_sentence(path, sets=()):
    try:
        assert isinstance(load_recipe(str(path), sets), Recipe)
    except KfoodError as error:
        assert not {unicodedata.category(character) for character in str(error)} & {"Cc", "Cs", "Zl", "Zp"}
        assert len(str(error)) < 4000
        assert path.name in str(error) or "--set" in str(error), error


@drawn
@given(content=spoiled())
def test_a_spoiled_recipe(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "spoiled.toml"
    path.write_bytes(content)
    require_recipe_or_sentence(path)


@drawn
@given(
    key=st.sampled_from(
        [
            f"{section}.{key}"
            for section, field in Recipe.model_fields.items()
            for key in getattr(field.annotation, "model_fields", {"x": 0})
        ]
    ),
    value=st.sampled_from(NASTY_VALUES) | st.text(max_size=20) | st.integers().map(str) | st.floats().map(str),
)
def test_any_value_of_any_key(tmp_path_factory, key, value):
    path = tmp_path_factory.getbasetemp() / "mine.toml"
    path.write_text("")
    require_recipe_or_sentence(path, [f"{key}={value}"])
