"""The one exception that a person is meant to read, and the nearest match for what was mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from kfood.printable import printable


class KfoodError(Exception):
    """Something the user can put right. The message names the file or key, what is wrong and what to do.

    It is one line that is safe to print, whatever stands in the names it cites.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = printable(message)

    def __str__(self) -> str:
        """Return the message itself: fastai rewrites `args` of what is raised inside a callback."""
        return self.message


class MachineError(KfoodError):
    """What the machine lacks, or another process holds: the same work may be done once that is put right."""


class Stopped(BaseException):
    """A signal ended the work; no error, so that nothing that handles errors holds it up. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the choice nearest to `word`, or '' where none is near."""
    near = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


def listed(names: Iterable[str], most: int = 8) -> str:
    """Join names for a sentence, cutting a long list: 'a, b, c and 39 more'."""
    names = list(names)
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
