"""Which labels may be wrong, how many of a pair's are, and what error that leaves to any model."""
