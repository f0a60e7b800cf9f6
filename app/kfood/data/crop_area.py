"""AI Hub's crop_area.properties: where in a photo the dish is."""

from __future__ import annotations

import re
from pathlib import Path

from kfood.data.photo import Area
from kfood.recipes.schema import nfc

_LINE = re.compile(r"^\s*([^=]*[^=\s])\s*=\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$", re.ASCII)


def areas_in(folder: Path) -> dict[str, str]:
    """Return `{file stem, NFC: "x,y,width,height"}` of a dish folder; empty where it has no such file.

    Lines with a width and a height only do not say where the dish is and are passed over, as are areas of no
    size.
    """
    listing = folder / "crop_area.properties"
    if not listing.is_file():
        return {}
    content = listing.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    lines = text.splitlines()
    matches = [match for line in lines if (match := _LINE.match(line))]
    return {nfc(m[1]): ",".join(m.groups()[1:]) for m in matches if int(m[4]) > 0 and int(m[5]) > 0}


def parse_area(text: str) -> Area | None:
    """Return the area that `areas_in` wrote as text; None for ''."""
    if not text:
        return None
    x, y, width, height = (int(number) for number in text.split(","))
    return x, y, width, height
