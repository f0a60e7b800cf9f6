"""Figures: their style, the fonts that they are set in, and captions that fit."""
