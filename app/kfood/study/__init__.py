"""The study: every table of the report trained again, compared with honest statistics."""
