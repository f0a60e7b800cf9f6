"""Which labels may be wrong, how many of a pair's are, and estimates of the error that comes of it."""
