"""The packages of the extra `export`."""

from __future__ import annotations

from importlib.util import find_spec

from kfood.errors import MachineError

PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def can_export() -> bool:
    """Return whether the packages are installed."""
    return all(find_spec(name) for name in PACKAGES)


def require_export() -> None:
    """Raise MachineError, which says how to install them, where one of the packages is missing."""
    if not can_export():
        missing = " and ".join(name for name in PACKAGES if not find_spec(name))
        raise MachineError(f'To export a model, kfood needs {missing}: pip install "kfood[export]".')
