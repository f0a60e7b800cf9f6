"""Photos that are there twice: under two labels, on both sides of a split, or in both data sets."""
