"""Photos that belong to no training: what is on them, by a run or an exported model."""
