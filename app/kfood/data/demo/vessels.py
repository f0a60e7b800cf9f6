"""What dishes are served in: bowls, plates, stone pots, grills, boards and trays."""

from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from kfood.data.demo.pen import RGB, Pen, Points, outline, shade


@dataclass(frozen=True)
class Vessel:
    """A vessel seen from above; lengths are shares of half the picture."""

    width: float
    height: float
    rim: str
    inside: str
    rim_width: float = 0.1
    squareness: float = 2.0
    depth: float = 0.1  # how much of its side shows when the camera looks from the front
    bars: str | None = None  # colour of a grill's bars or of wood grain
    bar_count: int = 0


BOWL = Vessel(0.8, 0.8, "#f1efe9", "#dedbd2", 0.08, depth=0.2)
BRASS_BOWL = Vessel(0.8, 0.8, "#d2a94e", "#b98f3c", 0.06, depth=0.2)
STEEL_BOWL = Vessel(0.8, 0.8, "#c9ccd0", "#a9adb3", 0.06, depth=0.18)
CELADON_BOWL = Vessel(0.8, 0.8, "#a9c0ae", "#93ac9a", 0.1, depth=0.2)
STONE_POT = Vessel(0.8, 0.8, "#2e2a29", "#1f1c1b", 0.15, depth=0.28)
EARTHENWARE = Vessel(0.82, 0.82, "#6b4330", "#57352a", 0.12, depth=0.26)
HOT_POT = Vessel(0.9, 0.9, "#b9bcc0", "#8f9398", 0.07, depth=0.12)
IRON_PAN = Vessel(0.9, 0.9, "#34322f", "#24221f", 0.08, depth=0.08)
IRON_PLATE = Vessel(0.94, 0.66, "#2b2a2a", "#1d1c1c", 0.07, 2.6, depth=0.08)
PLATE = Vessel(0.9, 0.9, "#f4f3ef", "#eae8e2", 0.16, depth=0.05)
BLUE_PLATE = Vessel(0.9, 0.9, "#7f9fc0", "#eceae4", 0.14, depth=0.05)
BLACK_PLATE = Vessel(0.9, 0.9, "#35353a", "#28282c", 0.12, depth=0.05)
OVAL_PLATE = Vessel(0.96, 0.66, "#f2f0ea", "#e6e3dc", 0.12, depth=0.05)
LONG_PLATE = Vessel(0.96, 0.58, "#ebe7dd", "#dfdacd", 0.08, 6, depth=0.06)
SLATE = Vessel(0.95, 0.62, "#4a4d52", "#404348", 0.05, 8, depth=0.05)
TRAY = Vessel(0.95, 0.72, "#1e1b1c", "#7d1f1f", 0.06, 8, depth=0.08)
BOARD = Vessel(0.95, 0.68, "#8a5a33", "#b98350", 0.04, 9, 0.07, "#a06d3e", 7)
BAMBOO = Vessel(0.86, 0.86, "#b08d4f", "#cdb277", 0.1, 2, 0.1, "#b5975a", 11)
GRILL = Vessel(0.92, 0.92, "#4b4743", "#5a2a1a", 0.07, 2, 0.08, "#1c1b1a", 11)
MESH = Vessel(0.95, 0.75, "#77787a", "#3c2a22", 0.05, 8, 0.06, "#a5a6a6", 13)


def draw_vessel(pen: Pen, vessel: Vessel, contents: RGB | None, brightness: float) -> None:
    """Draw the empty vessel, or filled with a broth or sauce of the colour `contents`."""
    rim, inside = (shade(ImageColor.getrgb(c), brightness) for c in (vessel.rim, vessel.inside))
    pen.polygon(_edge(vessel, 0), shade(rim, 0.8))
    pen.polygon(_edge(vessel, 0.015), rim)
    pen.polygon(_edge(vessel, 0.8 * vessel.rim_width), shade(inside, 0.75))
    pen.polygon(_edge(vessel, vessel.rim_width), inside)
    if contents is not None:
        pen.polygon(_edge(vessel, vessel.rim_width + 0.03), shade(contents, 0.82))
        pen.polygon(_edge(vessel, vessel.rim_width + 0.06), contents)
    if vessel.bars is not None:
        colour = shade(ImageColor.getrgb(vessel.bars), brightness)
        for level in np.linspace(-0.9, 0.9, vessel.bar_count):
            reach = (1 - abs(level) ** vessel.squareness) ** (1 / vessel.squareness)
            bar = np.array([[-reach, level], [reach, level]]) * inner_size(vessel)
            pen.line(bar, colour, 0.035)


def inner_size(vessel: Vessel) -> tuple[float, float]:
    """Return the half width and half height of the room inside the rim."""
    return vessel.width - vessel.rim_width, vessel.height - vessel.rim_width


def _edge(vessel: Vessel, inset: float) -> Points:
    return outline(vessel.width - inset, vessel.height - inset, vessel.squareness)
