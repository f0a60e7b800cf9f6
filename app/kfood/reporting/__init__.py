"""One HTML file that says all about a run, or sets several side by side."""
