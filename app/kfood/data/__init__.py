"""Photos: found, checked, split, loaded."""
