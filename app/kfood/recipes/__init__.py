"""Recipes: what a training is to do, as a file that a person writes and a machine checks."""
