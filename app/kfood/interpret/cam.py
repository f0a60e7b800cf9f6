"""Where the network looks: class activation maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from captum.attr import LayerGradCam
from fastai.learner import Learner
from fastai.vision.augment import Resize
from fastai.vision.core import PILImage
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kfood.data.crop_area import parse_area
from kfood.data.loaders import RESIZE_METHODS, Photo, photos_of
from kfood.data.photo import open_photo
from kfood.data.threads import in_order
from kfood.errors import KfoodError
from kfood.interpret.fonts import figure_style, save_figure
from kfood.interpret.galleries import RIGHT_COLOUR, WRONG_COLOUR
from kfood.interpret.metrics import headline, per_class
from kfood.interpret.per_class_plot import best_and_worst
from kfood.interpret.table import class_names, is_right
from kfood.run import Run

_TILE_PIXELS = 224
_STRENGTH = 0.45  # of the map over the photo
_EXAMPLES = 2  # right ones and wrong ones of each class


def activation_maps(learner: Learner, photos: list[Photo], targets: list[int]) -> np.ndarray:
    """Return how much each place of each photo speaks for a class.

    Grad-CAM (Selvaraju et al. 2017, by captum) on what the body sees before pooling. Behind one linear layer, as in
    the study's heads, it is the class activation map of Zhou et al. (2016) up to a factor.

    Args:
        learner: of a finished run.
        photos: n of them.
        targets: n class numbers.

    Returns:
        n x height x width, as coarse as the body's last features, each map from 0 to 1.

    Raises:
        KfoodError: the body has no feature map (a transformer's tokens).
    """
    model = learner.model.eval()
    model.mirror = False  # a map is of the photo as it is shown
    loader = in_order(learner.dls, photos)
    cam = LayerGradCam(model, model.feature_map)
    maps, done = [], 0
    for batch, _ in loader:
        wanted = torch.tensor(targets[done : done + len(batch)], device=batch.device)
        done += len(batch)
        seen = cam.attribute(batch.as_subclass(torch.Tensor), target=wanted, relu_attributions=True)
        if seen.ndim != 4:
            raise KfoodError("This network's body has no feature map in height and width, so no activation map.")
        maps.append(seen.detach().squeeze(1).cpu())
    whole = torch.cat(maps)
    return (whole / whole.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)).numpy()


def draw_cam(run: Run, predictions: pd.DataFrame, path: Path) -> Path:
    """Save maps of the three best and three worst classes, right and wrong photos, as a PNG; return its path.

    Every map is for the predicted class: what the network took the photo for, and where it saw that. Small photos
    have coarse maps: 2 x 2 at 64 pixels in most bodies.

    Args:
        run: finished; its model is loaded only where there is a photo to show.
        predictions: the rows of one split.
        path: of the PNG.
    """
    best, worst = best_and_worst(per_class(predictions))
    shown = {name: _examples(predictions[predictions["label"] == name]) for name in [*best, *worst]}
    chosen = pd.concat(list(shown.values())) if shown else predictions.head(0)
    return _draw(_tiles(run, chosen, class_names(predictions)), chosen, shown, best, predictions, path)


def overlay(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a map (any size, 0..1) over a photo (height x width x 3, 0..1); return an array like the photo."""
    smooth = F.interpolate(torch.tensor(heat)[None, None].float(), photo.shape[:2], mode="bilinear")[0, 0].numpy()
    colours = colormaps["turbo"](smooth)[..., :3]
    strength = _STRENGTH * smooth[..., None]
    return photo * (1 - strength) + colours * strength


def _examples(rows: pd.DataFrame) -> pd.DataFrame:
    """The most confident right and wrong photos of a class."""
    by_confidence = rows.sort_values("probability", ascending=False, kind="stable")
    right = is_right(by_confidence)
    return pd.concat([by_confidence[right].head(_EXAMPLES), by_confidence[~right].head(_EXAMPLES)])


def _tiles(run: Run, chosen: pd.DataFrame, classes: list[str]) -> list[np.ndarray | None]:
    """Return a photo with its map for each row of `chosen`, None where the photo is gone."""
    known = run.samples.set_index("path").loc[chosen["path"]].reset_index()
    there = np.array([Path(photo).is_file() for photo in known["path"]], dtype=bool)
    photos = photos_of(known[there])
    if not photos:
        return [None] * len(chosen)
    maps = iter(activation_maps(run.learner, photos, [classes.index(name) for name in chosen["predicted"][there]]))
    # Resized as the network's input is, but large enough to look at.
    data = run.recipe.data
    resize = Resize(max(_TILE_PIXELS, data.size), method=RESIZE_METHODS[data.resize])
    images = (np.asarray(resize(_whole(photo), split_idx=1), dtype=float) / 255 for photo in photos)
    return [overlay(next(images), next(maps)) if is_there else None for is_there in there]


def _whole(photo: Photo) -> PILImage:
    return PILImage(open_photo(photo.path, parse_area(photo.area)))


def _draw(
    tiles: list[np.ndarray | None],
    chosen: pd.DataFrame,
    shown: dict[str, pd.DataFrame],
    best: list[str],
    predictions: pd.DataFrame,
    path: Path,
) -> Path:
    rows, columns = max(1, len(shown)), 2 * _EXAMPLES
    queue = iter(zip(tiles, chosen.to_dict("records"), strict=True))
    with figure_style():
        figure = Figure(figsize=(1.9 * columns, 2.1 * rows))
        whole = {"left": 0, "right": 1, "bottom": 0, "top": 1, "hspace": 0.2, "wspace": 0.05}
        grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=whole)
        for axes in grid.flat:
            axes.set_axis_off()
        for row, (name, examples) in zip(grid, shown.items(), strict=False):
            rank = "best" if name in best else "worst"
            row[0].text(-0.08, 0.5, f"{name}\n{rank}", transform=row[0].transAxes, ha="right", va="center")
            n_right = int(is_right(examples).sum())
            places = [*range(n_right), *range(_EXAMPLES, _EXAMPLES + len(examples) - n_right)]
            for place in places:
                _draw_tile(row[place], *next(queue))
        heading = (
            "Where the network sees the class that it predicts: most confident right (left) and wrong photos (right)"
        )
        height = 1 + 0.4 / figure.get_figheight()
        figure.text(0, height, f"{heading}\n{headline(predictions)}", va="bottom", linespacing=1.5)
        return save_figure(figure, path)


def _draw_tile(axes: Axes, tile: np.ndarray | None, photo: dict[str, Any]) -> None:
    colour = RIGHT_COLOUR if photo["label"] == photo["predicted"] else WRONG_COLOUR
    axes.set_title(f"⟶ {photo['predicted']} {photo['probability']:.2f}", color=colour, loc="center", fontsize=9)
    if tile is None:
        axes.text(0.5, 0.5, "photo\nnot found", ha="center", va="center")
    else:
        axes.imshow(tile)
