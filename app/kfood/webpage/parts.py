"""The page's files, put together for the server and for the page that predicts by itself."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Literal

from kfood.webpage.hangul_font import hangul_faces

INDEX, HANGUL, ASK = "index.html", "hangul.css", "ask.js"
MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "svg": "image/svg+xml",
    "json": "application/json",
}
_SHARED = ("page.css", "page.js", "answer.js", "words.js", "icon.svg")
_STATIC = files("kfood.webpage") / "static"


def page_parts(asks: Literal["server", "browser"], policy: str, classes: Iterable[str]) -> dict[str, str]:
    """Return the page's files by name, as text.

    Args:
        asks: who predicts; it decides what `ask.js` is, and nothing else.
        policy: content security policy, written into the page.
        classes: whose Hangul the page's font must have.
    """
    found = {name: static(name) for name in _SHARED}
    found[INDEX] = static(INDEX).replace("{{policy}}", policy)
    found[ASK] = static(f"ask_{asks}.js")
    found[HANGUL] = hangul_faces(found[INDEX] + found["words.js"] + "".join(classes))
    return found


def static(name: str) -> str:
    """Return one of the files as it lies here."""
    return (_STATIC / name).read_text(encoding="utf-8")


def media_type(name: str) -> str:
    """Return what kind of file a name's ending says it is."""
    return MEDIA_TYPES[name.rpartition(".")[2]]
