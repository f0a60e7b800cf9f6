"""Dishes that a model takes for each other: which, at what cost, and what can be done."""
