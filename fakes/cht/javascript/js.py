"""The rules of JavaScript that affect what CHT stores and replies: truthiness, white space, numbers, strings."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""All white space of JavaScript."""
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
SURROGATE = re.compile("[\ud800-\udfff]")
"""A lone surrogate, because Python's strings contain whole characters instead of pairs."""


def truthy(value: Any) -> bool:
    """Whether `value` (parsed from JSON) is truthy in JavaScript; empty lists and objects are."""
    return isinstance(value, (dict, list)) or bool(value)


def trim(text: str) -> str:
    """`String.prototype.trim`."""
    return text.strip(SPACES)


def number(text: str) -> int | float | None:
    """A JSON number as JavaScript reads it: a double, without a fraction if it is whole.

    None if it is too large for a double (`Infinity` there, which is stored as null).
    """
    value = float(text)
    if math.isinf(value):
        return None
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < 1e21 else value


def dumps(value: Any) -> str:
    """`JSON.stringify`: no spaces, only necessary escapes, lone surrogates escaped."""
    text = ENCODER.encode(value)
    return text if text.isascii() else SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def string(value: Any) -> str:
    """`String(value)` of a JSON value; None means a missing key."""
    if isinstance(value, str):
        return value
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join("" if item is None else string(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return str(value)
