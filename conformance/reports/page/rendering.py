"""What all pages of reports have in common: frame, style sheet, the button for light and dark, and the policy.

Everything in a page is escaped, and its policy forbids all but its own style and script.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from conformance.reports.visible import visible

BASE = "base.html.jinja"


def rendered(template: str, *, style: str = "", script: str = "", **values: Any) -> str:
    """A page from the words of its template, which extends `base.html.jinja`.

    `style` and `script` are what it has besides those of all pages.
    """
    style = "\n".join(filter(None, (part("page.css"), style)))
    script = "\n".join(filter(None, (part("theme.js"), script)))
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({BASE: part(BASE)}),
    )
    environment.filters["visible"] = lambda value: visible(str(value))
    own = {"style": Markup(style), "script": Markup(script), "policy": policy(style, script)}
    return environment.from_string(template).render(**own, **values)


def part(name: str) -> str:
    """A file of this folder."""
    return files("conformance.reports.page").joinpath(name).read_text("utf-8").strip()


def policy(style: str, script: str) -> str:
    """A content security policy: nothing from anywhere, but this style and this script, known by their digests."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    style_digest, script_digest = digests
    return (
        f"default-src 'none'; style-src 'sha256-{style_digest}'; script-src 'sha256-{script_digest}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
