"""Where the pieces of a dish lie inside its vessel."""

from collections.abc import Iterator

import numpy as np

from kfood.data.demo.pen import Pose


def lay(layout: str, count: int, size: float, room: tuple[float, float], rng: np.random.Generator) -> Iterator[Pose]:
    """Yield `count` poses for pieces of half length about `size`.

    `room` is the half width and half height they have; lengths are shares of half the picture.
    Raises ValueError for a layout that is none of scatter, heap, ring, rows, line and centre.
    """
    width, height = (max(0.03, side - 0.75 * size) for side in room)
    turn = rng.uniform(0, 2 * np.pi, count)
    x: np.ndarray = np.zeros(count)
    y: np.ndarray = x
    match layout:
        case "scatter" | "heap":
            reach = np.sqrt(rng.random(count)) * (0.95 if layout == "scatter" else 0.5)
            x, y, angle = width * reach * np.cos(turn), height * reach * np.sin(turn), turn[::-1]
        case "ring":
            angle = turn[0] + 2 * np.pi * np.arange(count) / count
            x, y = 0.8 * width * np.cos(angle), 0.8 * height * np.sin(angle)
            angle = angle + np.pi / 2
        case "rows":
            x, y = _grid(count, 1.9 * size, width / height)
            angle = np.full(count, turn[0] % 0.7 - 0.35)
        case "line":
            gap = min(0.7 * size, 2 * (room[1] - 0.1 * size) / count)
            y = gap * (np.arange(count) - (count - 1) / 2)
            angle = np.full(count, np.pi * (turn[0] > np.pi))
        case "centre":
            angle = turn
        case _:
            raise ValueError(f"no layout is called {layout!r}")
    sway = min(0.1 * size, 0.04)
    for one_x, one_y, one_angle in zip(x, y, angle, strict=True):
        dx, dy, scale, twist = rng.normal(0, (sway, sway, 0.08, 0.1))
        yield Pose(one_x + dx, one_y + dy, size * max(0.7, 1 + scale), one_angle + twist)


def _grid(count: int, gap: float, aspect: float) -> tuple[np.ndarray, np.ndarray]:
    columns = max(1, round(np.sqrt(count * aspect)))
    row, column = np.divmod(np.arange(count), columns)
    rows = row[-1] + 1
    in_row = np.bincount(row)[row]
    return gap * (column - (in_row - 1) / 2), 0.8 * gap * (row - (rows - 1) / 2)
