"""Fonts of the machine stand in for letters that the shipped ones lack."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.figure import Figure

from kfood.plotting import fonts
from kfood.plotting.figures import figure_style, save_figure
from kfood.plotting.fonts import families_for

THAI, EMOJI, UNASSIGNED = "ราเมน", "🍚", "\u0378"


def made_font(folder: Path, family: str, letters: str) -> Path:
    """Write a font whose letters are all the same filled square."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((900, 0), (900, 800), (100, 800)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", *(f"u{ord(letter):x}" for letter in letters)]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(dict(zip(map(ord, letters), names[1:], strict=True)))
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2(usWeightClass=400)
    font.setupPost()
    font.save(folder / f"{family}.ttf")
    return folder / f"{family}.ttf"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Makes a font of these letters known to matplotlib, for one test."""
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist])
    caches = (fonts._installed_for, fonts._letters_of)

    def forget():
        for cache in caches:
            cache.cache_clear()

    def install(family: str, letters: str) -> None:
        font_manager.fontManager.addfont(str(made_font(tmp_path, family, letters)))
        forget()

    forget()
    yield install
    forget()


def test_an_installed_font_draws_letters_that_the_shipped_ones_lack(install, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("kfood.plotting.figures._said", set())
    install("Thai Squares", "".join(set(THAI)))
    with figure_style():
        figure = Figure(figsize=(2, 1))
        axes = figure.add_subplot()
        axes.set_title(f"{THAI} 김밥")
        axes.set_xticks([0, 1], ["김밥", THAI])
        save_figure(figure, tmp_path / "figure.png")
    assert "boxes" not in caplog.text
    assert "Thai Squares" in axes._left_title.get_fontfamily()
    assert "Thai Squares" in axes.get_xticklabels()[1].get_fontfamily()
    assert "Thai Squares" not in axes.get_xticklabels()[0].get_fontfamily()


def test_only_what_no_font_has_is_said(install, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("kfood.plotting.figures._said", set())
    install("Thai Squares", "".join(set(THAI)))
    with figure_style():
        figure = Figure()
        figure.text(0, 0, f"{THAI} {UNASSIGNED} 밥")
        figure.text(0, 0.5, EMOJI)
        save_figure(figure, tmp_path / "figure.png")
    assert caplog.text.count("no font here has") == 1
    assert EMOJI in caplog.text and "ร" not in caplog.text


def test_what_the_shipped_fonts_have_makes_nobody_look(monkeypatch):
    monkeypatch.setattr(fonts, "_installed_for", None)
    assert families_for("김밥 ⟶ é\n0.9", ["NanumGothic", "DejaVu Sans"]) == ["NanumGothic", "DejaVu Sans"]


def test_as_few_fonts_as_will_do(install):
    install("A Half", "รา")
    install("B Whole", "".join(set(THAI)))
    install("C Rice", EMOJI)
    assert families_for(THAI + EMOJI, ["DejaVu Sans"]) == ["DejaVu Sans", "B Whole", "C Rice"]


def test_a_font_that_cannot_be_used_is_passed_over(install, tmp_path):
    install("Broken", "".join(set(THAI)))
    (tmp_path / "Broken.ttf").write_bytes(b"no font")
    fonts._letters_of.cache_clear()
    assert families_for(THAI, ["DejaVu Sans"]) == ["DejaVu Sans"]


def test_the_font_of_boxes_is_no_font():
    assert families_for(UNASSIGNED, ["DejaVu Sans"]) == ["DejaVu Sans"]
    assert families_for("\ue123", ["DejaVu Sans"]) == ["DejaVu Sans"]
