"""The page's Hangul comes along in it, and nothing else of the font."""

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from kfood.plotting import fonts
from kfood.reporting.render import render
from kfood.webpage.hangul_font import hangul_faces


def carried(css):
    """Return the fonts of a page, by their weight."""
    faces = re.findall(r"@font-face.*?font-weight: (\d+);.*?base64,([\w+/=]+)\)", css, re.DOTALL)
    return {int(weight): TTFont(io.BytesIO(base64.b64decode(woff))) for weight, woff in faces}


@pytest.fixture(scope="module")
def both():
    return carried(hangul_faces("갈비찜 and 돼지갈비찜: 0.75"))


def test_the_syllables_of_the_text_and_nothing_else(both):
    for font in both.values():
        assert {chr(code) for code in font.getBestCmap()} == set("갈비찜돼지")


def outline(font, syllable):
    return list(font["glyf"][font.getBestCmap()[ord(syllable)]].getCoordinates(font["glyf"])[0])


def test_each_syllable_is_drawn_as_in_the_whole_font(both):
    for font, file in zip(both.values(), fonts.packaged_fonts(), strict=True):
        whole = TTFont(file)
        for syllable in "갈비찜돼지":
            assert outline(font, syllable) == outline(whole, syllable)


def test_regular_and_bold_differ(both):
    assert sorted(both) == [400, 700]
    assert outline(both[400], "갈") != outline(both[700], "갈")


def test_nothing_is_carried_for_a_text_without_hangul_or_without_the_font(monkeypatch):
    assert hangul_faces("김밥") != ""
    assert hangul_faces("kimbap") == ""
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    assert hangul_faces("김밥") == ""


def test_the_faces_stand_in_the_style_whatever_the_page_says(tmp_path, monkeypatch):
    (tmp_path / "package" / "templates").mkdir(parents=True)
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "templates" / "bare.j2").write_text(
        "<title>{{ title }}</title><style>{{ style }}</style><p>{{ title }}</p>", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    page = render({"title": "</style>김밥"}, "bare.j2", "package")
    style = page[page.index("<style>") : page.index("</style>")]
    assert {chr(code) for code in carried(style)[400].getBestCmap()} == set("김밥")
    assert page.count("@font-face") == 2
