"""The one exception that a person is meant to read, and its kinds."""

from __future__ import annotations

from collections.abc import Iterable

from kfood.text import did_you_mean, printable


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


class RecipeError(KfoodError):
    """A recipe or a study says something that cannot be: a wrong key, value or name."""


class DataError(KfoodError):
    """The photos, or what says which they are, cannot be used."""


class RunError(KfoodError):
    """A run is missing, unfinished or damaged, or cannot be written."""


class MachineError(KfoodError):
    """What the machine lacks, or another process holds: the same work may be done once that is put right."""


def require_choice(word: str, choices: Iterable[str], what: str = "") -> None:
    """Raise KfoodError, with the nearest of the choices, where `word` is none of them; `what` is the option's name."""
    choices = list(choices)
    if word not in choices:
        where = f"{what} " if what else ""
        raise KfoodError(f'{where}"{word}" is not one of {", ".join(choices)}.{did_you_mean(word, choices)}')


class Stopped(BaseException):
    """A signal ended the work; no error, so that nothing that handles errors holds it up. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
