"""Photos that a person is to judge: a page that shows them and gives what was decided as fixes.csv."""
