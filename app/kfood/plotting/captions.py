"""Words under and over pictures, wrapped and cut to the width that they really take."""

from __future__ import annotations

from functools import lru_cache

from matplotlib import rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from kfood.plotting.fonts import families_for

_DPI = 120
_CUT = "…"


def text_width(line: str, size: float) -> float:
    """Return how wide matplotlib draws a line in the style in force, in inches; `size` is in points."""
    families = tuple(families_for(line, rcParams["font.family"]))
    return _measured(line, size, families) / _DPI


def fitted(text: str, inches: float, size: float, lines: int = 1) -> str:
    """Return each line of a text wrapped to the width, and cut in its middle where `lines` do not hold it.

    The middle goes because what tells dishes apart stands at both ends of their names, and numbers at the end.

    Args:
        text: of one or several lines.
        inches: the width.
        size: of the letters, in points.
        lines: that each line may take.
    """
    return "\n".join(_fitted_line(line, inches, size, lines) for line in text.split("\n"))


def _fitted_line(line: str, inches: float, size: float, lines: int) -> str:
    wrapped = _wrapped(line, inches, size)
    if len(wrapped) <= lines:
        return "\n".join(wrapped)
    low, high = 0, len(line)  # letters kept: so few fit, so many do not
    while low < high - 1:
        kept = (low + high) // 2
        fits = len(_wrapped(_cut(line, kept), inches, size)) <= lines
        low, high = (kept, high) if fits else (low, kept)
    return "\n".join(_wrapped(_cut(line, low), inches, size))


def _cut(line: str, kept: int) -> str:
    """Return a line of which `kept` letters stay, at both ends."""
    head = (kept + 1) // 2
    return f"{line[:head].rstrip()}{_CUT}{line[len(line) - (kept - head) :].lstrip()}"


def _wrapped(line: str, inches: float, size: float) -> list[str]:
    """Break a line between words, or within a word that is too long by itself; as greedily as possible."""
    rows, row = [], ""
    for word in line.split(" "):
        longer = f"{row} {word}" if row else word
        if text_width(longer, size) <= inches:
            row = longer
            continue
        if row:
            rows.append(row)
        while text_width(word, size) > inches and len(word) > 1:
            fits = _letters_that_fit(word, inches, size)
            rows.append(word[:fits])
            word = word[fits:]
        row = word
    return [*rows, row]


def _letters_that_fit(word: str, inches: float, size: float) -> int:
    low, high = 1, len(word)
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if text_width(word[:middle], size) <= inches else (low, middle)
    return low


@lru_cache(maxsize=4096)
def _measured(line: str, size: float, families: tuple[str, ...]) -> float:
    font = FontProperties(family=list(families), size=size)
    return _renderer().get_text_width_height_descent(line, font, ismath=False)[0]


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, _DPI)
