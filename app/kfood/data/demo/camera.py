"""The photo around a dish: the table, things beside the dish, the point of view, light, blur and noise."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageFilter

from kfood.data.demo.pen import Pen, Pose, outline, place, shade

Pixels = NDArray[np.float32]

CLOTHS = ("#d8d2c4", "#a33b34", "#3f5a72", "#e9e4da", "#68705a", "#c9a06a", "#2f3034", "#9a8f86")
WOODS = ("#8b5e3c", "#b98a58", "#5a3b28", "#caa678", "#74533d")
STONES = ("#8a8c8e", "#55585b", "#c4c2bd", "#3a3b3d")
SIDE_DISHES = ("#b8401f", "#e8e2cf", "#5c7d38", "#d9b24a", "#3a2a22", "#8a5a33")


def photograph(dish: Image.Image, depth: float, rng: np.random.Generator) -> Image.Image:
    """Lay a transparent picture of a dish on a table and take a photo of it, as large as the picture, RGB.

    `depth` is how much of the vessel's side shows from the front, as a share of half the picture.
    """
    pixels = dish.width
    photo = _table(pixels, rng)
    tilt = rng.uniform(0.75, 1.0)
    seen = _seen(dish, tilt, rng)
    height = round(0.8 * pixels * depth * (1 - tilt)) + 1
    alpha = seen.getchannel("A")
    shadow = alpha.filter(ImageFilter.BoxBlur(pixels / 40)).point(lambda a: a // 2)
    photo.paste((15, 12, 10), (pixels // 40, height + pixels // 40), shadow)
    side = Image.eval(seen, lambda value: value // 2).convert("RGB")
    for drop in range(height, 0, -1):
        photo.paste(side, (0, drop), alpha)
    photo.paste(seen, (0, 0), alpha)
    return _expose(photo.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.006) * pixels)), rng)


def _seen(dish: Image.Image, tilt: float, rng: np.random.Generator) -> Image.Image:
    """Turn, scale, squash (the camera's tilt) and move the dish."""
    scale, turn = rng.uniform(0.9, 1.2), rng.normal(0, 0.3)
    shift = rng.normal(0, 0.05, 2) * dish.width
    cos, sin, half = np.cos(turn) / scale, np.sin(turn) / scale, dish.width / 2
    back = np.array([[cos, sin / tilt], [-sin, cos / tilt]])
    offset = half - back @ (half + shift)
    matrix = (*back[0], offset[0], *back[1], offset[1])
    return dish.transform(dish.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def _table(pixels: int, rng: np.random.Generator) -> Image.Image:
    kind = rng.choice(["cloth", "checked", "wood", "stone"], p=[0.3, 0.15, 0.35, 0.2])
    colours = {"wood": WOODS, "stone": STONES}.get(kind, CLOTHS)
    light = 1 + 0.06 * _waves(pixels, 6, rng)
    if kind == "wood":
        planks = 1 + 0.1 * rng.normal(size=8).astype(np.float32)
        grain = rng.normal(0, 0.05, pixels).astype(np.float32)
        light *= (planks[np.arange(pixels) * 8 // pixels] + grain)[:, None]
    elif kind == "checked":
        stripe = (np.arange(pixels) * rng.integers(7, 17) // pixels % 2) * 0.14 + 0.9
        light *= stripe[:, None] * stripe
    elif kind == "stone":
        light += 0.05 * rng.standard_normal((pixels, pixels), np.float32)
    if rng.random() < 0.5:
        light = light.T
    colour = np.array(ImageColor.getrgb(rng.choice(colours)), np.float32) * rng.uniform(0.85, 1.1)
    table = Image.fromarray(np.clip(light[..., None] * colour, 0, 255).astype(np.uint8))
    beside = _beside(pixels, rng)
    table.paste(beside, (0, 0), beside)
    return table


def _beside(pixels: int, rng: np.random.Generator) -> Image.Image:
    """Draw what stands at the photo's edge: perhaps a small side dish, perhaps chopsticks."""
    pen = Pen(pixels)
    for _ in range(rng.integers(0, 2)):
        x, y = rng.choice([-1, 1], 2) * rng.uniform(0.85, 1.05, 2)
        at = Pose(x, y, rng.uniform(0.22, 0.38), 0)
        pen.solid(outline(), at, shade((238, 234, 226), rng.uniform(0.5, 1)), gloss=0.9)
        contents = shade(ImageColor.getrgb(rng.choice(SIDE_DISHES)), rng.uniform(0.8, 1.2))
        pen.solid(outline(0.72, 0.7), at, contents)
    if rng.random() < 0.35:
        at = Pose(rng.choice([-0.9, 0.9]), rng.normal(0, 0.2), 0.8, np.pi / 2 + rng.normal(0, 0.15))
        metal = (190, 192, 196) if rng.random() < 0.6 else (110, 70, 40)
        for y in (-0.06, 0.06):
            pen.line(place(np.array([[-1, y], [1, 1.6 * y]]), at), shade(metal, 0.5), 0.045)
            pen.line(place(np.array([[-1, y], [1, 1.6 * y]]), at) - 0.012, metal, 0.03)
    return pen.picture()


def _expose(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Apply uneven light, a white balance, contrast and sensor noise."""
    pixels = photo.width
    values = np.asarray(photo, np.float32) / 255
    ramp = np.linspace(-1, 1, pixels, dtype=np.float32)
    slope_x, slope_y = rng.normal(0, 0.07, 2)
    light = rng.uniform(0.85, 1.1) + slope_x * ramp + slope_y * ramp[:, None] + 0.04 * _waves(pixels, 9, rng)
    warmth = rng.normal(0, 0.04)
    balance = np.array([1 + warmth, 1 + rng.normal(0, 0.02), 1 - warmth], np.float32)
    values = values * light[..., None] * balance
    values = 0.5 + (values - 0.5) * rng.uniform(0.88, 1.1)
    values += rng.uniform(0.005, 0.03) * rng.standard_normal(values.shape, np.float32)
    return Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))


def _waves(pixels: int, count: int, rng: np.random.Generator) -> Pixels:
    """Return smooth noise of about unit size, `pixels` by `pixels`, with about `count` waves across."""
    coarse = Image.fromarray(rng.normal(size=(count, count)).astype(np.float32))
    return np.array(coarse.resize((pixels, pixels), Image.Resampling.BICUBIC))
