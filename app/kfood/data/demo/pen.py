"""A small pen over Pillow: outlines, poses and shaded solids in units of the picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

RGB = tuple[int, int, int]
Points = NDArray[np.float64]

OVERSAMPLING = 2  # outlines are drawn larger and scaled down, so that their edges are smooth
TURN = np.linspace(0, 2 * np.pi, 28, endpoint=False)  # the directions of an outline's points
RAYS = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)
LIGHT = np.array([-0.5, -0.7])  # where the light comes from: the upper left


class Pose(NamedTuple):
    """Where one piece lies: its centre, half length (picture edges are at -1 and 1), angle in radians."""

    x: float
    y: float
    size: float
    angle: float


class Pen:
    """Draws on a square transparent picture: the centre is (0, 0), the edges at -1 and 1; y points down."""

    def __init__(self, pixels: int) -> None:
        """Start an empty picture of `pixels` by `pixels`."""
        side = OVERSAMPLING * pixels
        self._image = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self._image)
        self._half = side / 2

    def picture(self) -> Image.Image:
        """Return what was drawn, RGBA."""
        return self._image.reduce(OVERSAMPLING)

    def polygon(self, points: Points, colour: RGB) -> None:
        """Fill a closed outline."""
        self._draw.polygon(self._pixels(points), fill=colour)

    def line(self, points: Points, colour: RGB, width: float) -> None:
        """Draw an open line, `width` in picture units (at least one pixel)."""
        self._draw.line(self._pixels(points), fill=colour, width=max(1, round(width * self._half)), joint="curve")

    def solid(self, shape: Points, pose: Pose, colour: RGB, gloss: float = 1.15) -> None:
        """Fill a unit outline at a pose, over its own shadow, with a patch `gloss` times as bright on top."""
        points, centre = place(shape, pose), np.array([pose.x, pose.y])
        height = min(0.16 * pose.size, 0.035)
        self.polygon(points - height * LIGHT, shade(colour, 0.55))
        self.polygon(points, colour)
        self.polygon(centre + (points - centre) * 0.62 + 0.7 * height * LIGHT, shade(colour, gloss))

    def _pixels(self, points: Points) -> list[float]:
        return ((points + 1) * self._half).ravel().tolist()


def outline(width: float = 1.0, height: float = 1.0, squareness: float = 2.0) -> Points:
    """Return a closed curve with these half axes: an ellipse at squareness 2, a rounded box above."""
    return np.sign(RAYS) * np.abs(RAYS) ** (2 / squareness) * [width, height]


def segment(reach: float) -> Points:
    """Return points along x from -reach to reach, the line that is bent into stripes and veins."""
    x = np.linspace(-reach, reach, 7)
    return np.stack([x, np.zeros(7)], axis=1)


def roughen(points: Points, rng: np.random.Generator, amount: float) -> Points:
    """Make an outline uneven by about `amount` (a share of its radius), with smooth waves."""
    orders = np.array([2, 3, 5, 7])
    heights, phases = rng.normal(0, 1 / orders), rng.uniform(0, 2 * np.pi, 4)
    waves = heights @ np.cos(orders[:, None] * TURN + phases[:, None])
    return points * (1 + amount * waves)[:, None]


def bend(points: Points, amount: float) -> Points:
    """Bend a shape along x: its ends move down by `amount`."""
    return points + np.stack([np.zeros(len(points)), amount * points[:, 0] ** 2], axis=1)


def place(shape: Points, pose: Pose) -> Points:
    """Scale, turn and move a unit shape to its pose."""
    cos, sin = np.cos(pose.angle), np.sin(pose.angle)
    return pose.size * shape @ np.array([[cos, sin], [-sin, cos]]) + [pose.x, pose.y]


def shade(colour: Sequence[int], factor: float) -> RGB:
    """Return the colour `factor` times as bright, clipped to 0-255."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour[:3])
    return red, green, blue
