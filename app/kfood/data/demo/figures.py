"""How composed pieces of food are drawn."""

import numpy as np

from kfood.data.demo.pen import RGB, Pen, Pose, bend, outline, place, roughen, shade


def coin(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a round slice: the rim, the face, and small fillings in the other colours around the middle."""
    shape = roughen(outline(1, 0.94), rng, 0.02)
    pen.solid(shape, pose, colours[0], gloss=1)
    pen.polygon(place(0.84 * shape, pose), colours[1])
    start = rng.uniform(0, 2 * np.pi)
    for i, colour in enumerate(colours[2:]):
        turn = start + 2 * np.pi * i / (len(colours) - 2)
        spot = roughen(outline(0.27, 0.22), rng, 0.12) + 0.33 * np.array([np.cos(turn), np.sin(turn)])
        pen.polygon(place(spot, pose), colour)


def patty(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a pan-fried piece of any size: body, browned edge, browned spots in the second colour."""
    shape = roughen(outline(1, rng.uniform(0.82, 1), 2.4), rng, 0.05)
    pen.solid(shape, pose, colours[1], gloss=1)
    pen.polygon(place(0.93 * shape, pose), colours[0])
    for middle in np.clip(rng.normal(0, 0.4, (round(6 + 30 * pose.size), 2)), -0.6, 0.6):
        spot = roughen(outline(rng.uniform(0.05, 0.16), 0.07), rng, 0.3)
        pen.polygon(place(spot + middle, pose), shade(colours[1], rng.uniform(0.9, 1.15)))


def fish(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a whole fish: back, belly, tail, eye, and knife cuts or grill marks."""
    back, belly, mark = colours
    tail = np.array([[0.7, 0.0], [1.05, -0.27], [0.98, 0.0], [1.05, 0.27]])
    pen.polygon(place(tail, pose), shade(back, 0.8))
    body = outline(0.85, 0.3)
    body[:, 1] *= 1 - 0.35 * np.clip(body[:, 0], 0, 1)
    pen.solid(body, pose, back)
    pen.polygon(place(np.concatenate([body[body[:, 1] > 0.06], [[-0.7, 0.06]]]), pose), belly)
    for x in np.linspace(-0.3, 0.45, rng.integers(3, 5)):
        pen.line(place(np.array([[x, -0.17], [x + 0.1, 0.12]]), pose), mark, 0.06 * pose.size)
    pen.line(place(np.array([[-0.5, -0.2], [-0.45, 0.0], [-0.5, 0.2]]), pose), shade(back, 0.65), 0.04 * pose.size)
    pen.polygon(place(outline(0.06, 0.06) + [-0.66, -0.06], pose), (235, 235, 225))
    pen.polygon(place(outline(0.03, 0.03) + [-0.66, -0.06], pose), (20, 20, 20))


def shell(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw an open fan shell with ribs, and the flesh in the third colour."""
    turn = np.linspace(-0.2, np.pi + 0.2, 15)
    fan = np.stack([np.cos(turn), -np.sin(turn)], axis=1) * np.where(np.arange(15) % 2, 1, 0.92)[:, None]
    hinge = np.array([0, 0.55])
    pen.solid(np.concatenate([fan, [hinge]]), pose, colours[0], gloss=1.05)
    for tip in fan[1:-1:2]:
        pen.line(place(np.stack([hinge, 0.92 * tip]), pose), colours[1], 0.05 * pose.size)
    pen.solid(roughen(outline(0.48, 0.38), rng, 0.1) - [0, 0.12], pose, colours[2])


def egg(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a fried egg: the crisp edge (third colour, if given), the white, the yolk."""
    white = roughen(outline(1, 0.92), rng, 0.09)
    pen.solid(white, pose, colours[-1], gloss=1)
    pen.polygon(place(0.93 * white, pose), colours[0])
    at = Pose(pose.x + rng.normal(0, 0.1) * pose.size, pose.y + rng.normal(0, 0.1) * pose.size, 0.4 * pose.size, 0)
    pen.solid(outline(), at, colours[1], gloss=1.12)


def sushi(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a piece of sushi: the rice, the topping over it and its pale stripes."""
    rice, topping, stripe = colours
    pen.solid(roughen(outline(1, 0.5, 3.5), rng, 0.03), pose, rice)
    pen.solid(
        bend(outline(0.98, 0.34, 4), 0.06),
        Pose(pose.x, pose.y - 0.12 * pose.size, pose.size, pose.angle),
        topping,
    )
    for x in (-0.5, -0.1, 0.3):
        pen.line(place(np.array([[x, -0.38], [x + 0.2, 0.15]]), pose), stripe, 0.07 * pose.size)


def roll(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a slice of a rolled omelette: layers in two colours in turn, and specks of the third."""
    for i, scale in enumerate((1.0, 0.78, 0.58, 0.38, 0.2)):
        shape = scale * outline(1, 0.62, 3)
        if i == 0:
            pen.solid(shape, pose, colours[0], gloss=1)
        pen.polygon(place(shape, pose), colours[i % 2])
    for spot in rng.normal(0, 0.3, (5, 2)):
        pen.polygon(place(outline(0.09, 0.07) + spot, pose), colours[2])


def pouch(pen: Pen, pose: Pose, colours: list[RGB], rng: np.random.Generator) -> None:
    """Draw a fried tofu pouch with rice showing at its open end."""
    pen.solid(outline(1, 0.62, 4), pose, colours[0])
    pen.polygon(place(outline(0.42, 0.52, 3) + [0.5, 0], pose), colours[1])
    for spot in rng.normal(0, 0.16, (6, 2)):
        pen.polygon(place(outline(0.08, 0.06) + [0.5, 0] + spot, pose), colours[2])
