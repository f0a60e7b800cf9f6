"""What a server has done, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Sequence

LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
BATCH = (1, 2, 4, 8, 16, 32)  # photos


class Counter:
    """A number that only grows, one for each set of labels."""

    kind = "counter"

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, labels
        self._counts: Counts[tuple[str, ...]] = Counts()
        if not labels:
            self._counts[()] = 0

    def add(self, *values: str, n: int = 1) -> None:
        """Count n more, with these values of the labels."""
        self._counts[values] += n

    def lines(self) -> list[str]:
        """Return a line for each set of labels."""
        return [
            f"{self.name}{_braces(dict(zip(self.labels, values, strict=True)))} {count}"
            for values, count in sorted(self._counts.items())
        ]


class Gauge:
    """A number as it is when somebody asks."""

    kind = "gauge"

    def __init__(self, name: str, about: str, read: Callable[[], float]) -> None:
        self.name, self.about, self._read = name, about, read

    def lines(self) -> list[str]:
        """Return the one line."""
        return [f"{self.name} {self._read():g}"]


class Histogram:
    """How many observations were at most as large as each bound."""

    kind = "histogram"

    def __init__(self, name: str, about: str, bounds: Sequence[float]) -> None:
        self.name, self.about, self.bounds = name, about, bounds
        self._counts, self._sum = [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count one more."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self._sum += value

    def lines(self) -> list[str]:
        """Return a line a bound, the sum and the count."""
        lines, total = [], 0
        for bound, count in zip((*[f"{bound:g}" for bound in self.bounds], "+Inf"), self._counts, strict=True):
            total += count
            lines.append(f"{self.name}_bucket{_braces({'le': bound})} {total}")
        return [*lines, f"{self.name}_sum {self._sum:.6f}", f"{self.name}_count {total}"]


class Metrics:
    """All that the server counts.

    Args:
        waiting: tells how many photos wait for the network.
        admitted: tells how many photos are worked on in any way.
    """

    def __init__(self, waiting: Callable[[], float], admitted: Callable[[], float]) -> None:
        self.requests = Counter("kfood_requests_total", "Requests answered.", ("path", "status"))
        self.photos = Counter("kfood_photos_total", "Photos predicted.")
        self.seconds = Histogram("kfood_predict_seconds", "From a request for a prediction to its answer.", LATENCY)
        self.batch = Histogram("kfood_batch_photos", "Photos predicted together.", BATCH)
        self._rest = [
            Gauge("kfood_queue_photos", "Photos that wait for the network.", waiting),
            Gauge("kfood_admitted_photos", "Photos that are decoded, waiting or predicted.", admitted),
        ]

    def text(self) -> str:
        """Return all of it."""
        lines: list[str] = []
        every: list[Counter | Histogram | Gauge] = [self.requests, self.photos, self.seconds, self.batch, *self._rest]
        for each in every:
            lines += [f"# HELP {each.name} {each.about}", f"# TYPE {each.name} {each.kind}", *each.lines()]
        return "\n".join(lines) + "\n"


def _braces(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
