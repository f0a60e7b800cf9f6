"""What a model predicts, once, and the numbers of that table."""
