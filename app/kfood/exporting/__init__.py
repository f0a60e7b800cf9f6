"""A finished run as something that works without kfood and torch: its graph, the folder around it, the proof of it."""
