"""Packages that only some commands need, and that come with an extra of kfood's."""

from __future__ import annotations

from importlib.util import find_spec

from kfood.errors import MachineError
from kfood.text import listed

_MODULES = {
    "distributed": ("accelerate",),
    "export": ("onnx", "onnxscript", "onnxruntime"),
    "parquet": ("pyarrow",),
    "serve": ("starlette", "uvicorn", "python_multipart"),
}


def has_extra(extra: str, *modules: str) -> bool:
    """Return whether modules of an extra can be imported: all of them where none is named."""
    return not _missing(modules or _MODULES[extra])


def require_extra(extra: str, what: str, *modules: str) -> None:
    """Check that what an extra brings can be imported.

    Args:
        extra: its name.
        what: needs it; the beginning of a sentence.
        modules: those of the extra that are needed; all of them where none is named.

    Raises:
        MachineError: one cannot; the sentence says how to install all of them.
    """
    if missing := _missing(modules or _MODULES[extra]):
        raise MachineError(f'{what} needs {listed(missing)}: pip install "kfood[{extra}]".')


def _missing(modules: tuple[str, ...]) -> list[str]:
    return [name.replace("_", "-") for name in modules if not find_spec(name)]
