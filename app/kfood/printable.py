"""Text that came from outside, such as the name of a file, made fit for a terminal and a line of a log."""

from __future__ import annotations

import re

# What moves the cursor, colours, ends the line or turns the order of writing: C0 and C1 controls, line and paragraph
# separators, marks of direction; and halves of surrogate pairs, which stand for bytes that are no UTF-8.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return `text` on one line, with what a terminal would obey instead of show written out, as \x1b or \n."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def shortened(text: str, most: int = 120) -> str:
    """Return `text`, or its first `most` characters: what a sentence cites should not hide the sentence."""
    return text if len(text) <= most else f"{text[:most]}…"
