"""A model as a web server: a page to try photos on, and answers as JSON."""
