"""How every figure is set and saved: in a font that has Hangul, with names taken as they are."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from kfood.system.files import write_whole
from kfood.text import listed

# DejaVu Sans comes with matplotlib and stands in for the signs that a Korean font lacks.
FALLBACK_FAMILY = "DejaVu Sans"

_FONT_PACKAGE = "koreanize_matplotlib"
_FONT_FILES = ("NanumGothic.ttf", "NanumGothicBold.ttf")
_PREFERRED_FAMILIES = ("NanumGothic", "Noto Sans CJK KR", "AppleGothic", "Malgun Gothic")
_HANGUL_SAMPLE = "갈"

_log = logging.getLogger(__name__)
_GLYPH = re.compile(r"Glyph (\d+) ")  # how matplotlib's warning of a missing letter begins
_said: set[str] = set()  # letters


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


@contextmanager
def figure_style() -> Iterator[None]:
    """Within it, figures are drawn and saved with a Hangul font, as PNGs cut to what is drawn.

    Class names are shown as they are: a `$` starts no formula.
    """
    family = hangul_family()
    style: dict[str, Any] = {
        "font.family": [family, FALLBACK_FAMILY] if family else [FALLBACK_FAMILY],
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.titley": 1.0,  # or matplotlib looks for room above ticks that are not shown, for half of its time
        "axes.unicode_minus": False,
        "text.parse_math": False,
        "savefig.dpi": 120,
        "savefig.bbox": "tight",
        "savefig.pad_inches": 0.2,
    }
    with _missing_letters_said(), rc_context(style):  # type: ignore[arg-type]  # matplotlib spells out each key
        yield


@contextmanager
def _missing_letters_said() -> Iterator[None]:
    """Say in one sentence which letters no font has, of which matplotlib warns for each text and each drawing of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=_GLYPH.pattern)
        yield
    letters = set()
    for each in caught:
        if found := _GLYPH.match(str(each.message)):
            letters.add(chr(int(found[1])))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if new := letters - _said:
        _said.update(new)
        _log.warning("Figures show boxes for letters that no font here has: %s", listed(sorted(new), 10))


def save_figure(figure: Figure, path: Path) -> Path:
    """Save `figure` as a PNG, whole or not at all, and return `path`; its folder must be there."""
    packing = {"compress_level": 4}  # of photos, half the time of 6, Pillow's own, for 4 % more bytes
    write_whole(path, lambda partial: figure.savefig(partial, format="png", pil_kwargs=packing))
    return path


def _preference(font: font_manager.FontEntry) -> int:
    known = font.name in _PREFERRED_FAMILIES
    return _PREFERRED_FAMILIES.index(font.name) if known else len(_PREFERRED_FAMILIES)
