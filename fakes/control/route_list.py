"""The list of the control API's routes, from the docstrings of the functions that answer them.

A docstring says what the route is for, and then in paragraphs of their own what it takes and gives: `Query:`, `Body:`,
`Answer:`. The list is what `GET /` answers, and what docs/control-api.md shows.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask

PARTS = ("query", "body", "answer")
CONVERTER = re.compile(r"<\w+:")


def routes_of(app: Flask) -> list[dict[str, Any]]:
    """The routes in the order in which they were added: method, path, purpose, and query, body and answer if any."""
    return [route for rule in app.url_map.iter_rules() for route in _routes(app, rule)]


def _routes(app: Flask, rule: Any) -> Iterator[dict[str, Any]]:
    described = description(app.view_functions[rule.endpoint].__doc__ or "")
    for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
        yield {"method": method, "path": CONVERTER.sub("<", str(rule)), **described}


def description(docstring: str) -> dict[str, str]:
    """The parts of a docstring by name."""
    found: dict[str, str] = {}
    for paragraph in inspect.cleandoc(docstring).split("\n\n"):
        text = " ".join(paragraph.split())
        word, _, rest = text.partition(": ")
        name = word.lower()
        if name in PARTS:
            found[name] = rest
        else:
            found["purpose"] = f"{found['purpose']} {text}" if "purpose" in found else text
    return found
