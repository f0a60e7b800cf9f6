"""All of the project's statistics, each once: intervals, tests, estimates."""
