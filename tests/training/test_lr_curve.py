"""The curve of the learning rate finder is drawn with labels that can be read."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from kfood.training.lr_curve import draw_lr_curve


def test_curve_is_drawn_and_its_labels_are_numbers(tmp_path, monkeypatch):
    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *a, **k: (savefig(figure, *a, **k), drawn.append(figure)))
    lrs = np.logspace(-7, 1, 50)
    curves = pd.concat([pd.DataFrame({"seed": seed, "lr": lrs, "loss": 1 + lrs * seed}) for seed in range(3)])
    spread = pd.DataFrame({"lowest": [1e-4], "median": [1e-3], "highest": [1e-2], "seeds": [3]}, index=["valley"])
    path = draw_lr_curve(curves, spread, "pair: 3 seeds", tmp_path / "curve.png")
    assert Image.open(path).size[0] > 500
    (axes,) = drawn[0].axes
    labels = [label.get_text().replace("−", "-") for label in axes.get_xticklabels()]
    assert "1e-03" in labels
    assert not any("$" in label for label in labels)
    assert "valley: 1.0e-03" in [text.get_text() for text in axes.get_legend().get_texts()]
