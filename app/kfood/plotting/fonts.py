"""Fonts for figures: one that has Hangul, and whatever the machine has for letters that it lacks."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# DejaVu Sans comes with matplotlib and stands in for the signs that a Korean font lacks.
FALLBACK_FAMILY = "DejaVu Sans"

_FONT_PACKAGE = "koreanize_matplotlib"
_FONT_FILES = ("NanumGothic.ttf", "NanumGothicBold.ttf")
_PREFERRED_FAMILIES = ("NanumGothic", "Noto Sans CJK KR", "AppleGothic", "Malgun Gothic")
_HANGUL_SAMPLE = "갈"
# Fonts that have a box, or nothing, for every letter; and matplotlib's own for formulas, whose letters are others.
_NO_TEXT = re.compile(r"\.?Last ?Resort|Adobe Blank|cm[a-z]+10$|STIX(NonUnicode|Size)", re.IGNORECASE)

_log = logging.getLogger(__name__)


def packaged_fonts() -> list[Path]:
    """Return the NanumGothic files (regular first, then bold) of the pip package, or [] without it.

    The package is looked up but not imported: its import fails from Python 3.12 on, where distutils is gone.
    """
    spec = find_spec(_FONT_PACKAGE)
    if spec is None or spec.origin is None:
        return []
    files = [Path(spec.origin).parent / "fonts" / name for name in _FONT_FILES]
    return [file for file in files if file.is_file()]


def has_glyph(font: Path, character: str) -> bool:
    """Tell whether the font file draws `character` as itself; False for a file that cannot be read."""
    try:
        return FT2Font(str(font)).get_char_index(ord(character)) != 0
    except (OSError, RuntimeError):
        return False


def hangul_family() -> str | None:
    """Return the name of a font family with Hangul that matplotlib can use, or None with a warning logged.

    The packaged NanumGothic comes first, then an installed font, the well-known ones before any other.
    """
    if packaged := packaged_fonts():
        known = {font.fname for font in font_manager.fontManager.ttflist}
        for file in packaged:
            if str(file) not in known:
                font_manager.fontManager.addfont(str(file))
        return FT2Font(str(packaged[0])).family_name
    for font in sorted(font_manager.fontManager.ttflist, key=_preference):
        if has_glyph(Path(font.fname), _HANGUL_SAMPLE):
            return font.name
    _log.warning("No font with Hangul was found, so figures will show boxes for it: pip install koreanize-matplotlib")
    return None


def families_for(text: str, families: Sequence[str]) -> list[str]:
    """Return families to set a text in: the given ones, then installed ones for the letters that they lack.

    Fonts are looked for only where a letter is missing. What no font has is left out: matplotlib draws boxes for it.
    """
    letters = {letter for letter in text if letter.isprintable()}
    missing = letters.difference(*(_letters_of(family) for family in families))
    return [*families, *_installed_for(frozenset(missing))] if missing else [*families]


@lru_cache(maxsize=256)
def _installed_for(letters: frozenset[str]) -> list[str]:
    """Return as few installed families as will do for all of these letters that any has."""
    upright = [font for font in font_manager.fontManager.ttflist if (font.style, font.weight) == ("normal", 400)]
    names = sorted({font.name for font in upright})
    has = {name: found for name in names if not _NO_TEXT.match(name) and (found := _drawn_by(name, letters))}
    left, chosen = set(letters), []
    while best := max((name for name in has if has[name] & left), key=lambda name: len(has[name] & left), default=""):
        chosen.append(best)
        left -= has[best]
    return chosen


def _drawn_by(family: str, letters: Iterable[str]) -> set[str]:
    """Return the letters that a family draws; none where matplotlib cannot use it, such as one of coloured pictures."""
    there = _letters_of(family).intersection(letters)
    try:
        font = FT2Font(_file_of(family))
        font.set_size(12, 72)
        for letter in there:
            font.load_char(ord(letter))
    except (OSError, RuntimeError, ValueError):
        return set()
    return set(there)


@lru_cache(maxsize=1024)
def _letters_of(family: str) -> frozenset[str]:
    try:
        return frozenset(map(chr, FT2Font(_file_of(family)).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _file_of(family: str) -> str:
    """Return the file that matplotlib takes for a family. Raises ValueError where it has none."""
    return font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)


def _preference(font: font_manager.FontEntry) -> int:
    known = font.name in _PREFERRED_FAMILIES
    return _PREFERRED_FAMILIES.index(font.name) if known else len(_PREFERRED_FAMILIES)
