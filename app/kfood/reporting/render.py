"""The template filled in: everything inside one file, and nothing of the data able to become markup."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kfood.errors import KfoodError
from kfood.system.files import made_folder, write_text
from kfood.webpage.hangul_font import hangul_faces

# What HTML or an old JavaScript would take for more than text. All stand only inside JSON's strings.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render(
    context: dict[str, Any],
    name: str = "page.html.j2",
    package: str = "kfood.reporting",
    styles: tuple[str, ...] = ("page.css",),
    script: str = "page.js",
) -> str:
    """Return the page of a template as HTML.

    Args:
        context: what the template names, besides `style`, `script` and `script_hash`.
        name: of the template.
        package: whose templates come before those of the report.
        styles, script: files beside the templates, put into the page as they are.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("kfood.reporting")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_json"] = script_json
    style = "\n".join(_source(environment, file) for file in styles)
    code = _source(environment, script)
    template = environment.get_template(name)
    page = template.render(context, style=Markup(style), script=Markup(code), script_hash=_hash(code))
    # Which syllables the page has is known only now. Its first </style> is ours: what stands before it is escaped.
    return page.replace("</style>", f"{hangul_faces(page)}\n</style>", 1)


def write_html(out: Path, page: str) -> Path:
    """Write a page whole or not at all, over an older one; return its path.

    Raises:
        KfoodError: the file cannot be written.
    """
    try:
        with made_folder(out.parent):
            write_text(out, page)
    except OSError as error:
        raise KfoodError(f"The report {out} cannot be written: {error}. Name another file with --out.") from None
    return out


def script_json(value: Any) -> Markup:  # noqa: ANN401 - whatever JSON can hold
    """Return JSON that can stand inside a <script> element, whatever its strings say.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))


def _source(environment: Environment, name: str) -> str:
    """Return a file that is put into the page as it is; it is no template."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _hash(script: str) -> str:
    """Return what the page's policy names the one script by that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
