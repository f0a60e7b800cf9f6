"""What a drawn dish is made of."""

from dataclasses import dataclass

from kfood.data.demo.vessels import Vessel


@dataclass(frozen=True)
class Pieces:
    """Some pieces of one kind; what the colours are for, the function named like the shape says."""

    shape: str
    count: tuple[int, int]  # least and most, both included
    size: float  # half length, as a share of half the picture
    colours: tuple[str, ...]
    layout: str = "scatter"  # scatter, heap, ring, rows, line or centre
    or_colours: tuple[tuple[str, ...], ...] = ()  # further colourings; each piece picks one


@dataclass(frozen=True)
class Dish:
    """One dish: a vessel picked from `vessels`, filled with `contents`, with pieces laid in it in turn."""

    vessels: tuple[Vessel, ...]
    pieces: tuple[Pieces, ...]
    contents: str | None = None
