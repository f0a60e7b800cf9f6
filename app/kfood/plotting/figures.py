"""How every figure is set and saved: in a font that has Hangul, with names taken as they are."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from kfood.plotting.fonts import FALLBACK_FAMILY, families_for, hangul_family
from kfood.system.files import write_whole
from kfood.text import listed

_log = logging.getLogger(__name__)
_GLYPH = re.compile(r"Glyph (\d+) ")  # how matplotlib's warning of a missing letter begins
_said: set[str] = set()  # letters


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
    """Save `figure` as a PNG, whole or not at all, and return `path`; its folder must be there.

    Letters that the style's fonts lack are set in what fonts the machine has.
    """
    for text in _texts(figure):
        text.set_fontfamily(families_for(text.get_text(), text.get_fontfamily()))
    packing = {"compress_level": 4}  # of photos, half the time of 6, Pillow's own, for 4 % more bytes
    write_whole(path, lambda partial: figure.savefig(partial, format="png", pil_kwargs=packing))
    return path


def _texts(artist: Artist) -> Iterator[Text]:
    """Give an artist's texts, but not the ticks of axes that are off, such as a photo's: to ask is to make them."""
    if isinstance(artist, Text):
        yield artist
    hidden = (artist.xaxis, artist.yaxis) if isinstance(artist, Axes) and not artist.axison else ()
    for child in artist.get_children():
        if child not in hidden:
            yield from _texts(child)
