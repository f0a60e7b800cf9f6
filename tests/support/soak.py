"""How many cases a test of chance draws: few as a rule, many where `KFOOD_SOAK` is set."""

import os

from hypothesis import HealthCheck, settings


def cases(small: int, long: int) -> int:
    return long if os.environ.get("KFOOD_SOAK") else small


# The same cases in every run, so that what fails can be found again; nothing is kept in the checkout.
drawn = settings(
    max_examples=cases(100, 1000),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
