"""The few rules of JavaScript that shape what CHT stores and answers: truth, white space, numbers, texts."""

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
"""Everything that JavaScript takes for white space."""
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a pair: Python's text holds whole characters, so one that is there stands alone."""


def truthy(value: Any) -> bool:
    """Whether JavaScript takes `value` (as parsed from JSON) for true: empty lists and objects are."""
    return isinstance(value, (dict, list)) or bool(value)


def trim(text: str) -> str:
    """`String.prototype.trim`."""
    return text.strip(SPACES)


def number(text: str) -> int | float | None:
    """The number that JavaScript makes of a JSON number: a double, and without a fraction where it has none.

    None for one too large for a double (`Infinity` there, which is stored as null).
    """
    value = float(text)
    if math.isinf(value):
        return None
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < 1e21 else value


def dumps(value: Any) -> str:
    """`JSON.stringify`: no blanks, no escapes beyond the necessary, lone surrogates escaped."""
    text = ENCODER.encode(value)
    return text if text.isascii() else SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def string(value: Any) -> str:
    """`String(value)` for a JSON value; None stands for a key that is missing."""
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
