"""Legacy templates, rewritten as current ones. Source: goflow flows/definition/legacy/expressions/migrate.go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from fakes.rapidpro.flows.engine.legacy.expressions import NotLegacy, current_expression
from fakes.rapidpro.flows.engine.legacy.names import TOP_LEVELS, current_name
from fakes.rapidpro.flows.expressions.scanner import closing_bracket, identifier_end

_CURRENT = (
    "child", "contact", "fields", "globals", "input", "legacy_extra", "locals", "node", "parent", "results", "resume",
    "run", "ticket", "trigger", "urns", "webhook",
)  # fmt: skip
_IDENTIFIER = re.compile(r"[^\W\d_]+[\w.]*\Z")


def current_template(
    template: str, *, defaults_to_self: bool = False, url_encodes: bool = False, raw_dates: bool = False
) -> str:
    """The current form; `defaults_to_self`: what fails stands for itself; `url_encodes`: values are encoded."""
    parts: list[str] = []
    position = 0

    def wrapped(expression: str, written: str) -> str:
        return _wrapped(expression, written if defaults_to_self else "", url_encodes=url_encodes)

    while (at := template.find("@", position)) >= 0:
        parts.append(template[position:at])
        following = template[at + 1 : at + 2]
        if following == "(":
            end = closing_bracket(template, at + 2)
            if end < 0:
                return "".join([*parts, template[at:]])
            inner, position = template[at + 2 : end], end + 1
            parts.append(_bracketed(inner, wrapped, raw_dates=raw_dates))
        elif following == "@":
            parts.append("@@")
            position = at + 2
        else:
            position = identifier_end(template, at + 1)
            name = template[at + 1 : position]
            known = name.partition(".")[0].lower() in TOP_LEVELS
            parts.append(wrapped(current_name(name, raw_dates=raw_dates), f"@{name}") if known else f"@{name}")
    return "".join([*parts, template[position:]])


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
