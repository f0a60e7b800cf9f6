"""Hangul is drawn as Hangul, from a font that need not be installed."""

import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kfood.plotting import fonts
from kfood.plotting.figures import figure_style, save_figure
from kfood.plotting.fonts import hangul_family, has_glyph, packaged_fonts

UNASSIGNED = "\u0378"


def drawn(text: str) -> np.ndarray:
    """Draw `text` in the figures' style; a glyph that no font has comes with a warning, and so fails."""
    with figure_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        canvas = FigureCanvasAgg(Figure(figsize=(1, 1)))
        canvas.figure.text(0.1, 0.3, text, fontsize=30)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()


@pytest.fixture
def only_dejavu(monkeypatch):
    """Neither the package nor any installed font has Hangul."""
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    dejavu = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", dejavu)


def test_packaged_fonts_have_hangul():
    regular, bold = packaged_fonts()
    assert (regular.name, bold.name) == ("NanumGothic.ttf", "NanumGothicBold.ttf")
    assert all(has_glyph(font, syllable) for font in (regular, bold) for syllable in "갈비찜떡볶")
    assert not has_glyph(regular, UNASSIGNED)


def test_the_package_is_found_without_its_import():
    code = "import sys; from kfood.plotting.fonts import hangul_family as f; f(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "kfood.plotting.fonts" in modules
    assert not {"koreanize_matplotlib", "matplotlib.pyplot", "torch", "fastai"} & set(modules)


def test_what_is_no_font_has_no_glyph(tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert not has_glyph(broken, "갈")
    assert not has_glyph(tmp_path / "missing.ttf", "갈")


def test_syllables_are_drawn_apart():
    assert (drawn("갈") < 255).any()
    assert (drawn("갈") != drawn("찜")).any()  # boxes would be the same


def test_a_sign_that_the_korean_font_lacks_is_drawn_by_the_fallback():
    assert (drawn("⟶") < 255).any()


def test_dollars_are_dollars():
    assert (drawn("$x$") != drawn("x")).any()
    drawn(r"$\frac$")


def test_repeated_use_adds_the_font_once():
    hangul_family()
    before = len(font_manager.fontManager.ttflist)
    assert hangul_family() == "NanumGothic"
    assert len(font_manager.fontManager.ttflist) == before


def test_settings_end_with_the_style():
    before = dict(matplotlib.rcParams)
    with figure_style():
        assert not matplotlib.rcParams["axes.unicode_minus"]
    assert dict(matplotlib.rcParams) == before


def test_an_installed_font_stands_in_for_the_package(monkeypatch):
    hangul_family()  # makes NanumGothic one of matplotlib's own
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    assert hangul_family() == "NanumGothic"


@pytest.mark.usefixtures("only_dejavu")
def test_without_any_font_a_warning_names_the_package(caplog):
    assert hangul_family() is None
    assert "pip install koreanize-matplotlib" in caplog.text
    with figure_style():
        assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]


def test_saved_picture_holds_what_lies_outside_the_figure(tmp_path):
    with figure_style():
        figure = Figure(figsize=(1, 1))
        figure.text(0, 0, "within")
        figure.text(0, 2, "above")
        path = save_figure(figure, tmp_path / "figure.png")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.height > 2 * 120  # two inches at the style's resolution
    assert list(tmp_path.iterdir()) == [path]


def test_letters_that_no_font_has_are_said_once(tmp_path, caplog, monkeypatch, recwarn):
    monkeypatch.setattr("kfood.plotting.figures._said", set())
    for number in range(2):
        with figure_style():
            figure = Figure()
            figure.add_subplot().set_title("🍚밥 ราเมน")
            save_figure(figure, tmp_path / f"{number}.png")
    assert caplog.text.count("Figures show boxes for letters that no font here has") == 1
    assert "🍚" in caplog.text and "밥" not in caplog.text
    assert not [each for each in recwarn if "Glyph" in str(each.message)]


def test_other_warnings_within_a_figure_are_heard():
    with pytest.warns(UserWarning, match="something else"), figure_style():
        warnings.warn("something else", stacklevel=1)
