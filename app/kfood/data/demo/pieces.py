"""How simple pieces of food are drawn."""

import numpy as np

from kfood.data.demo.pen import RGB, Pen, Pose, bend, outline, place, roughen, segment, shade


def chunk(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw an uneven lump: meat, potato, fried egg white."""
    pen.solid(roughen(outline(1, rng.uniform(0.6, 0.9), 2.6), rng, 0.1), pose, colours[0])


def cube(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a block with rounded corners: tofu, radish, ham."""
    pen.solid(outline(1, rng.uniform(0.65, 0.95), 7), pose, colours[0], gloss=1.06)


def strip(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a long bent slice; further colours run along it as stripes of fat, skin or sauce."""
    curve = rng.normal(0, 0.15)
    pen.solid(bend(roughen(outline(1, 0.36, 4), rng, 0.06), curve), pose, colours[0])
    for colour, y in zip(colours[1:], (0.24, -0.1, -0.28), strict=False):
        pen.line(place(bend(segment(0.9) + [0, y], curve), pose), colour, 0.13 * pose.size)


def stick(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a thin straight stick: spring onion, carrot, rice cake."""
    pen.solid(bend(outline(1, 0.2, 5), rng.normal(0, 0.08)), pose, colours[0])


def ball(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a ball, shaded in steps; further colours are sprinkled on it."""
    pen.solid(outline(1, 0.95), pose, shade(colours[0], 0.8), gloss=1.25)
    pen.polygon(
        place(outline(0.3, 0.24), Pose(pose.x, pose.y, pose.size, 0)) - 0.25 * pose.size,
        shade(colours[0], 1.15),
    )
    for colour in colours[1:]:
        for spot in rng.normal(0, 0.4, (9, 2)):
            pen.polygon(place(outline(0.13, 0.08) + spot, pose), colour)


def halfmoon(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a stuffed half moon with a seam: a rice cake or a dumpling."""
    shape = outline(1, 0.55)
    shape[:, 1] = np.where(shape[:, 1] > 0, 0.25 * shape[:, 1], 1.3 * shape[:, 1])
    pen.solid(bend(shape, 0.2), pose, colours[0])
    pen.line(place(bend(segment(0.85) - [0, 0.08], 0.1), pose), shade(colours[0], 0.75), 0.06 * pose.size)


def fillet(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a long flat piece with marks across: grilled fillets, roots, patties."""
    curve = rng.normal(0, 0.06)
    pen.solid(bend(roughen(outline(1, 0.33, 5), rng, 0.04), curve), pose, colours[0])
    for x in np.linspace(-0.75, 0.75, rng.integers(4, 7)):
        pen.line(place(np.array([[x - 0.08, -0.26], [x + 0.08, 0.26]]), pose), colours[1], 0.07 * pose.size)


def leaf(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a limp wavy leaf with a vein: kimchi, radish greens, seaweed."""
    curve = rng.normal(0, 0.3)
    pen.solid(bend(roughen(outline(1, 0.42, 2.2), rng, 0.2), curve), pose, colours[0])
    pen.line(place(bend(segment(0.9), curve), pose), colours[-1], 0.14 * pose.size)


def ring(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a ring with its hole or core in the second colour: tripe, onion, spring onion."""
    pen.solid(roughen(outline(1, 0.85), rng, 0.06), pose, colours[0], gloss=1)
    pen.polygon(place(roughen(outline(0.5, 0.4), rng, 0.1), pose), colours[1])


def strand(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a thin curly strand; a second colour gives it a head (a bean sprout)."""
    points = place(bend(segment(1.0) + [0, rng.normal(0, 0.1)], rng.normal(0, 0.6)), pose)
    pen.line(points - 0.015, shade(colours[0], 0.6), 0.05)
    pen.line(points, colours[0], 0.04)
    for colour in colours[1:]:
        pen.solid(outline(0.06, 0.045), Pose(points[0][0], points[0][1], 1, pose.angle), colour)


def grains(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a mound covered with small grains whose colours are picked from the list."""
    mound = roughen(outline(), rng, 0.03)
    pen.solid(mound, pose, shade(colours[0], 0.9), gloss=1.08)
    count = round(30 + 330 * pose.size**2)
    turn, reach, slant = (
        rng.uniform(0, 2 * np.pi, count),
        0.95 * np.sqrt(rng.random(count)),
        rng.uniform(0, np.pi, count),
    )
    ends = 0.026 * np.stack([np.cos(slant), np.sin(slant)], axis=1)
    middles = pose.size * (reach * np.stack([np.cos(turn), np.sin(turn)])).T + [pose.x, pose.y]
    tones = [shade(colour, light) for colour in colours for light in (0.86, 0.96, 1.06)]
    picks = rng.integers(len(tones), size=count)
    for start, end, pick in zip(middles - ends, middles + ends, picks, strict=True):
        pen.line(np.stack([start, end]), tones[pick], 0.034)
