"""Packages that only some commands need, and that come with an extra of kfood's."""

from __future__ import annotations

from importlib.util import find_spec

from kfood.errors import MachineError


def require_extra(extra: str, what: str, *modules: str) -> None:
    """Check that the modules which `what` needs can be imported.

    Raises:
        MachineError: one cannot; the sentence says how to install all of them.
    """
    if absent := [name for name in modules if not find_spec(name)]:
        raise MachineError(f'{what} needs {absent[0]}, which is not installed: pip install "kfood[{extra}]"')
