"""The report page as a reader of HTML finds it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "input", "br", "hr"}


@dataclass
class Page:
    """What a parser finds: `elements` are (name, attributes) in order, `texts` what stands between them."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)  # by id

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def gallery(self) -> dict:
        return json.loads(self.scripts["gallery-data"])["gallery"]

    @property
    def thumbnails(self) -> list:
        return json.loads(self.scripts["thumbnail-data"])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page, self.script = Page(), None

    def handle_starttag(self, tag, attrs):
        self.page.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.page.left_open.append(tag)
        self.script = dict(attrs).get("id", "") if tag == "script" else None

    def handle_startendtag(self, tag, attrs):
        self.page.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.page.left_open.pop() == tag
        self.script = None

    def handle_data(self, data):
        if self.script is None:
            self.page.texts.append(data)
        else:
            self.page.scripts[self.script] = self.page.scripts.get(self.script, "") + data


def read_page(path: Path) -> Page:
    """Read a page; every element that is opened must be closed."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.page.left_open == []
    return reader.page
