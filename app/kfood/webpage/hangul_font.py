"""The page's Hangul, in a font that travels with it: a machine without a Korean font would show boxes."""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache
from pathlib import Path

from kfood.plotting.fonts import packaged_fonts

_FAMILY = "kfood Hangul"  # as page.css names it, first: Chromium does not draw a list's choice again for a later font

_BLOCKS = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))  # of Unicode: jamo, jamo by themselves, syllables
_HANGUL = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _BLOCKS) + "]")
_RANGE = ", ".join(f"U+{first:X}-{last:X}" for first, last in _BLOCKS)
_WEIGHTS = (400, 700)  # of the packaged files, in their order
_FACE = """@font-face {{
  font-family: "{family}"; font-weight: {weight}; unicode-range: {range};
  src: url(data:font/woff;base64,{woff}) format("woff");
}}"""


def hangul_faces(text: str) -> str:
    """Return CSS that brings the Hangul of `text` along, regular and bold: some 300 bytes for each syllable.

    Empty where `text` has no Hangul, or the package with the font is not installed. The font's licence, the SIL Open
    Font License, lets a document carry it.
    """
    hangul = "".join(sorted(set(_HANGUL.findall(text))))
    if not hangul:
        return ""
    return "\n".join(
        _FACE.format(family=_FAMILY, weight=weight, range=_RANGE, woff=base64.b64encode(_only(file, hangul)).decode())
        for weight, file in zip(_WEIGHTS, packaged_fonts(), strict=False)
    )


@lru_cache(maxsize=2)  # a report is rendered twice: once to see how much room it leaves to its photos
def _only(file: Path, characters: str) -> bytes:
    """Return the font with the glyphs of `characters` alone, as a WOFF file."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    # The private tables of a font editor (TSI0 to TSI5) cannot be cut, which would be said on stderr.
    private = [f"TSI{number}" for number in range(6)]
    options = Options(flavor="woff", hinting=False, layout_features=[])
    options.drop_tables = [*options.drop_tables, *private]
    font = load_font(str(file), options)
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    content = io.BytesIO()
    save_font(font, content, options)
    return content.getvalue()
