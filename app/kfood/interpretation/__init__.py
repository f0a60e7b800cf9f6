"""Explaining a trained classifier: its numbers, its mistakes and what it looks at."""
