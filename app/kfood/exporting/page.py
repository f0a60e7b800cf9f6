"""The page that predicts in the browser, put beside a model.onnx; it needs no server but one that hands out files."""

from __future__ import annotations

import json
from pathlib import Path

from kfood.exported.predict import MARGIN, Model
from kfood.system.files import write_json, write_text
from kfood.webpage.parts import page_parts, static
from kfood.webpage.policy import POLICY

ONNXRUNTIME = "onnxruntime"  # the folder that ask_browser.js looks into
_PIXELS = "pixels.js"
# WebAssembly is compiled, which a policy that names scripts only by their host forbids.
_POLICY = f"{POLICY}; script-src 'self' 'wasm-unsafe-eval'"


def write_page(folder: Path) -> Path:
    """Write the page into the folder of an exported model, and return its path.

    Args:
        folder: with a `model.onnx`, and `ONNXRUNTIME` as `put_onnxruntime_web` makes it.
    """
    model = Model(folder / "model.onnx")
    for name, text in page_parts("browser", _POLICY, model.classes).items():
        write_text(folder / name, text)
    write_text(folder / _PIXELS, static(_PIXELS))
    write_json(folder / "model.json", _description(model))
    return folder / "index.html"


def _description(model: Model) -> dict[str, object]:
    about = model.metadata
    return {
        "name": model.name,
        "classes": model.classes,
        "side": model.side,
        "resize": about["resize"],
        "denoise": about["denoise"],
        "margin": MARGIN,
        "cannot_tell": json.loads(about.get("cannot_tell", "[]")),
    }
