"""Drawing one photo of a dish."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageColor

from kfood.data.demo.camera import photograph
from kfood.data.demo.dish import Dish, Pieces
from kfood.data.demo.figures import coin, egg, fish, patty, pouch, roll, shell, sushi
from kfood.data.demo.layout import lay
from kfood.data.demo.pen import RGB, Pen, Pose, shade
from kfood.data.demo.pieces import ball, chunk, cube, fillet, grains, halfmoon, leaf, ring, stick, strand, strip
from kfood.data.demo.vessels import draw_vessel, inner_size

# draws one piece at a pose in its colours
Draw = Callable[[Pen, Pose, list[RGB], np.random.Generator], None]

SIMPLE: tuple[Draw, ...] = (ball, chunk, cube, fillet, grains, halfmoon, leaf, ring, stick, strand, strip)
COMPOSED: tuple[Draw, ...] = (coin, egg, fish, patty, pouch, roll, shell, sushi)
DRAW: dict[str, Draw] = {draw.__name__: draw for draw in SIMPLE + COMPOSED}


def draw_dish(dish: Dish, rng: np.random.Generator, size: int = 128) -> Image.Image:
    """Draw one photo of a dish, `size` by `size` pixels, RGB; an equal generator gives equal pixels."""
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
    red, green, blue = (round(c * f) for c, f in zip(ImageColor.getrgb(colour), rng.normal(1, 0.035, 3), strict=True))
    return shade((red, green, blue), rng.normal(1, 0.06))
