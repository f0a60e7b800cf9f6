"""Whether new photos are like those that a run was trained for, and in what they differ."""
