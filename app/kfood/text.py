"""Text that came from outside, such as the name of a file, made fit for a terminal and a line of a log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from hashlib import blake2b

# What moves the cursor, colours, ends the line or turns the order of writing: C0 and C1 controls, line and paragraph
# separators, marks of direction; and halves of surrogate pairs, which stand for bytes that are no UTF-8.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_LONGEST_NAME = 200  # bytes: file systems take 255, and what writes a file whole adds some


def printable(text: str) -> str:
    r"""Return `text` on one line, with what a terminal would obey instead of show written out, as \x1b or \n."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_file_name(words: str, ending: str) -> str:
    """Return a file's name of these words: without what some systems forbid, and of 200 bytes at most.

    What is cut off is told apart by six digits of a digest of all of it.
    """
    name = _FORBIDDEN.sub("_", printable(words))
    content = name.encode()
    most = _LONGEST_NAME - len(ending)
    if len(content) > most:
        digest = blake2b(content, digest_size=3).hexdigest()
        name = f"{content[: most - 7].decode(errors='ignore')}-{digest}"
    return f"{name}{ending}"


def shortened(text: str, most: int = 120) -> str:
    """Return `text`, or its first `most` characters: what a sentence cites should not hide the sentence."""
    return text if len(text) <= most else f"{text[:most]}…"


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the choice nearest to `word`, or '' where none is near."""
    near = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


def listed(names: Iterable[str], most: int = 8) -> str:
    """Join names for a sentence, cutting a long list: 'a, b, c and 39 more'."""
    names = list(names)
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
