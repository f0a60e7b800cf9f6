"""README.md stays short, every recipe has its row in recipes/README.md, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from kfood.recipes.load import shipped_recipes

ROOT = Path(__file__).parents[2]
OTHERS = ("README.md", "CHANGELOG.md", "app/README.md", "tests/benchmarks/README.md")
DOCUMENTS = [*(ROOT / name for name in OTHERS), *sorted((ROOT / "recipes").rglob("*.md"))]
FENCED = re.compile(r"^```[\s\S]*?^```$", re.MULTILINE)
CODE = re.compile(rf"{FENCED.pattern}|^ {{4}}.*$|`[^`\n]+`", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links_in(text: str) -> list[str]:
    """What Markdown's links and pictures point at, outside of code, but not what lies on the web."""
    return [unquote(target) for target in LINK.findall(CODE.sub("", text)) if not re.match(r"[a-z]+:", target)]


def anchors_of(text: str) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(document: Path) -> list[str]:
    """The links of a document that lead to no file, or in a Markdown file to no heading."""
    dead = []
    for link in links_in(document.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text(encoding="utf-8"))):
            dead.append(link)
    return dead


def test_readme_is_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_are_there(document):
    assert dead_links(document) == []


def test_the_readme_leads_to_the_other_documents():
    linked = {link.partition("#")[0] for link in links_in((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {"recipes/README.md", "recipes/tour.ipynb", "tests/benchmarks/README.md", "app/README.md"} <= linked


def test_a_link_to_a_file_or_heading_that_is_not_there_is_found(tmp_path):
    (tmp_path / "there.md").write_text("# Two, and `code`\n", encoding="utf-8")
    document = tmp_path / "document.md"
    links = ["there.md", "there.md#two-and-code", "#own", "https://a.example/x", "gone.md", "there.md#gone", "#no"]
    code = ["`[code](no)`", "    [code](no)", "```", "# No", "[code](no)", "```"]
    text = "\n".join(["# Own", *code, *(f"[of two\nlines]({link})" for link in links)])
    document.write_text(text, encoding="utf-8")
    assert dead_links(document) == ["gone.md", "there.md#gone", "#no"]


def test_every_recipe_has_a_row_and_no_other_has():
    text = (ROOT / "recipes" / "README.md").read_text(encoding="utf-8")
    table = text.partition("| recipe | dishes |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert sorted(rows) == sorted(shipped_recipes())
