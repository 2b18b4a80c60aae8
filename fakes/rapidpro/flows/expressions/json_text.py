"""JSON as expressions write and read it.

Keys sorted by their bytes, no blanks, numbers as plain decimals, non-ASCII unescaped, no HTML escaping.
Source: goflow excellent/types, gocommon jsonx.
"""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.expressions.conversion import from_json
from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.numeric import in_range
from fakes.rapidpro.flows.expressions.values import (
    DateTime,
    ErrorValue,
    ExpressionError,
    Function,
    ObjectValue,
    Value,
    iso_text,
    render,
    render_number,
    size_of,
)

_ESCAPED = re.compile('["\\\\\x00-\x1f\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_json(value: Value) -> str:
    """A value as JSON text. A function is null; an object's default is omitted. ExpressionError for an error."""
    size_of(value)
    return _json(value)


def _json(value: Value) -> str:
    if value is None or isinstance(value, Function):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return render_number(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if isinstance(value, ObjectValue):
        return "{" + ",".join(f"{quote(n)}:{_json(value.properties[n])}" for n in value.names()) + "}"
    if isinstance(value, ErrorValue):
        raise ExpressionError(value.message)
    return quote(iso_text(value) if isinstance(value, DateTime) else _plain(value))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else render(value)


def quote(text: str) -> str:
    """A text as JSON."""
    return '"' + _ESCAPED.sub(lambda m: _SHORT.get(m.group()) or f"\\u{ord(m.group()):04x}", text) + '"'


def parse_json(text: str, env: Env) -> Value:
    """The value of a JSON text. ExpressionError if it is invalid."""

    def number(digits: str) -> Decimal:
        return in_range(Decimal(digits), env.generation)

    if text == "":
        return None
    try:
        found = json.loads(text, parse_float=number, parse_int=number, parse_constant=_refuse)
        return from_json(found)
    except (ValueError, RecursionError):
        raise ExpressionError("invalid JSON") from None


def _refuse(word: str) -> Any:
    raise ValueError(word)
