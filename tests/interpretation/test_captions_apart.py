"""However long the names of dishes are, no words in a picture lie over others or over a photo."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from kfood.interpretation import galleries, map_grid
from kfood.interpretation.galleries import draw_top_losses, draw_wrong
from kfood.interpretation.map_grid import Tile, draw_grid

NAMES = {
    "short": ("김밥", "라면", "떡국"),
    "sentences": (
        "돼지고기와 묵은지를 넣고 오래 끓인 김치찌개",
        "쇠고기와 두부를 넣고 오래 끓인 된장찌개",
        "참치 김밥",
    ),
    "without spaces": ("돼지고기와묵은지를넣고오래끓인김치찌개" * 3, "W" * 80, "i" * 80),
}


@pytest.fixture
def figures(monkeypatch):
    collected = []
    for module in (galleries, map_grid):
        save = module.save_figure
        monkeypatch.setattr(
            module, "save_figure", lambda figure, path, save=save: collected.append(figure) or save(figure, path)
        )
    return collected


def predictions(names) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([1.0] * 3, 9)
    rows = {"path": [f"{number}" for number in range(9)], "label": [names[number % 3] for number in range(9)]}
    rows |= {"predicted": [names[each] for each in shares.argmax(1)], "probability": shares.max(1)}
    rows |= {"loss": -np.log(shares[range(9), np.arange(9) % 3])}
    return pd.DataFrame(rows | {f"p_{name}": shares[:, place] for place, name in enumerate(names)}).assign(split="test")


def overlaps(figure) -> list[tuple[str, str]]:
    """Return pairs of words that lie over each other, and of words over a photo that is not theirs."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts]
    photos = [("photo", axes.get_window_extent()) for axes in figure.axes]
    outside = [box for box in boxes if "not found" not in box[0]]
    pairs = [*combinations(boxes, 2), *((words, photo) for words in outside for photo in photos)]
    return [(a, b) for (a, box), (b, other) in pairs if box.padded(-1).overlaps(other.padded(-1))]


def opened(path: str) -> Image.Image:
    if path == "8":
        raise FileNotFoundError(path)
    return Image.new("RGB", (64, 48), 120)


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("draw", [draw_top_losses, draw_wrong])
def test_galleries(tmp_path, figures, draw, names):
    draw(predictions(names), tmp_path / "gallery.png", opened)
    assert overlaps(figures[0]) == []


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_grids_of_maps(tmp_path, figures, names):
    photo = np.full((20, 20, 3), 0.5)
    a, b, c = names
    tiles = [Tile(photo, a), Tile(photo, f"⟶ {b} 0.93"), None, Tile(None, f"red: {a}\nblue: {c}")]
    draw_grid([(f"{a}\nbest of 3", tiles), (b, tiles[::-1]), ("", tiles)], "heading\nkey", tmp_path / "maps.png")
    assert overlaps(figures[0]) == []
