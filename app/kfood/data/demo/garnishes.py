"""Colours and garnishes that many dishes share."""

from kfood.data.demo.dish import Pieces


def bits(colour: str, least: int, most: int) -> Pieces:
    """Return between `least` and `most` specks strewn over the dish."""
    return Pieces("stick", (least, most), 0.05, (colour,))


GREEN, PALE_GREEN, CHILLI, YOLK, RICE, NORI = "#4f8a35", "#9dbf6a", "#c02a1c", "#f2b632", "#f5f2e6", "#1d2620"
SCALLION = Pieces("ring", (4, 10), 0.06, (GREEN, PALE_GREEN))
CHILLI_RINGS = Pieces("ring", (2, 6), 0.06, (CHILLI, "#f0d9a8"))
SESAME = bits("#f3e6c4", 10, 24)
CHILLI_SLIVERS = bits(CHILLI, 3, 8)
LETTUCE = Pieces("leaf", (2, 4), 0.4, ("#6fa83f", "#a9cf74"))
LEMON = Pieces("coin", (0, 1), 0.16, ("#e8c830", "#f7ea8c", "#fbf5c0"))
FRIED_EGG = Pieces("egg", (1, 1), 0.34, ("#fbf8ee", YOLK, "#d9b98a"), "centre")
GARLIC = Pieces("chunk", (3, 7), 0.07, ("#ecdcae",))
TOFU = Pieces("cube", (3, 6), 0.15, ("#f3ecd8",))
