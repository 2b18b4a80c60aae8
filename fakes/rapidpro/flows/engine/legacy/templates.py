"""Legacy templates, rewritten as current ones. Source: goflow flows/definition/legacy/expressions/migrate.go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from fakes.rapidpro.flows.engine.legacy.expressions import NotLegacy, current_expression
from fakes.rapidpro.flows.engine.legacy.names import TOP_LEVELS, current_name
from fakes.rapidpro.flows.expressions.scanner import scan

_CURRENT = (
    "child", "contact", "fields", "globals", "input", "legacy_extra", "locals", "node", "parent", "results", "resume",
    "run", "ticket", "trigger", "urns", "webhook",
)  # fmt: skip
_IDENTIFIER = re.compile(r"[^\W\d_]+[\w.]*\Z")


def current_template(
    template: str, *, defaults_to_self: bool = False, url_encodes: bool = False, raw_dates: bool = False
) -> str:
    """The current form; `defaults_to_self`: what fails stands for itself; `url_encodes`: values are encoded."""

    def wrapped(expression: str, written: str) -> str:
        return _wrapped(expression, written if defaults_to_self else "", url_encodes=url_encodes)

    def current(kind: str, part: str) -> str:
        if kind == "expression":
            return _bracketed(part, wrapped, raw_dates=raw_dates)
        return wrapped(current_name(part, raw_dates=raw_dates), f"@{part}") if kind == "identifier" else part

    return "".join(current(kind, part) for kind, part in scan(template, TOP_LEVELS, as_written=True))


def _bracketed(inner: str, wrapped: Callable[[str, str], str], *, raw_dates: bool) -> str:
    if inner == '""':
        return ""
    try:
        return wrapped(current_expression(inner, raw_dates=raw_dates), f"@({inner})")
    except NotLegacy:
        return f"@({inner})"


def _wrapped(expression: str, written: str, *, url_encodes: bool) -> str:
    if written:
        expression = f"if(is_error({expression}), {json.dumps(written, ensure_ascii=False)}, {expression})"
    if url_encodes:
        expression = f"url_encode({expression})"
    plain = _IDENTIFIER.match(expression) and expression.partition(".")[0] in _CURRENT
    return f"@{expression}" if plain else f"@({expression})"
