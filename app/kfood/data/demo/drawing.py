"""Drawing one photo of a dish."""

import numpy as np
from PIL import Image, ImageColor

from kfood.data.demo.camera import photograph
from kfood.data.demo.dishes import Dish, Pieces
from kfood.data.demo.layout import lay
from kfood.data.demo.pen import RGB, Pen, shade
from kfood.data.demo.pieces import DRAW
from kfood.data.demo.vessels import draw_vessel, inner_size


def draw_dish(dish: Dish, rng: np.random.Generator, size: int = 128) -> Image.Image:
    """Draw one photo of a dish, `size` by `size` pixels, RGB. The same generator state gives the same pixels."""
    pen = Pen(size)
    vessel = dish.vessels[rng.integers(len(dish.vessels))]
    contents = None if dish.contents is None else _cooked(dish.contents, rng)
    draw_vessel(pen, vessel, contents, rng.uniform(0.85, 1.05))
    for pieces in dish.pieces:
        _draw_pieces(pen, pieces, inner_size(vessel), rng)
    return photograph(pen.picture(), vessel.depth, rng)


def _draw_pieces(pen: Pen, pieces: Pieces, room: tuple[float, float], rng: np.random.Generator) -> None:
    count = int(rng.integers(pieces.count[0], pieces.count[1] + 1))
    colourings = [[_cooked(c, rng) for c in colours] for colours in (pieces.colours, *pieces.or_colours)]
    size = pieces.size * rng.uniform(0.9, 1.12)
    for pose in lay(pieces.layout, count, size, room, rng):
        light = rng.normal(1, 0.05)
        colours = [shade(colour, light) for colour in colourings[rng.integers(len(colourings))]]
        DRAW[pieces.shape](pen, pose, colours, rng)


def _cooked(colour: str, rng: np.random.Generator) -> RGB:
    """Vary a colour from photo to photo, as no two cooks brown or season alike."""
    red, green, blue = (round(c * f) for c, f in zip(ImageColor.getrgb(colour)[:3], rng.normal(1, 0.035, 3), strict=True))
    return shade((red, green, blue), rng.normal(1, 0.06))
