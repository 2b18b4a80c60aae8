"""How JavaScript converts values (parsed from JSON) to numbers and strings, and compares them.

UNDEFINED is a missing value, None is `null`.
"""

from __future__ import annotations

import math
import re
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import Inherited
from fakes.cht.javascript.paths import UNDEFINED

DECIMAL = r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
WHOLE_NUMBER = re.compile(DECIMAL)
OTHER_BASE = re.compile("0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
BEGINNING = re.compile(r"[+-]?[0-9]+")
EXPONENT_FROM = 1e21
"""From this value on a number is written with an exponent."""


def text(value: Any) -> str:
    """`String(value)`."""
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, list):
        return ",".join("" if item is None else text(item) for item in value)
    if isinstance(value, float):
        return _number_text(value)
    return js.string(value)


def number(value: Any) -> float:
    """`Number(value)`; NaN if it is not a number."""
    if value is None:
        return 0.0
    if value is UNDEFINED:
        return math.nan
    if isinstance(value, (bool, int, float)):
        return float(value)
    return _number_of(js.trim(text(value)))


def leading_number(value: Any) -> float:
    """`parseFloat(value)`: the number at the start of the string."""
    found = WHOLE_NUMBER.match(js.trim(text(value)))
    return math.nan if found is None else float(found[0])


def leading_integer(value: Any) -> float:
    """`parseInt(value, 10)`: the integer at the start of the string."""
    found = BEGINNING.match(js.trim(text(value)))
    return math.nan if found is None else float(found[0])


def equal(one: Any, other: Any) -> bool:
    """`one == other`: a string and a number are compared as numbers."""
    if _is_nothing(one) or _is_nothing(other):
        return _is_nothing(one) and _is_nothing(other)
    if _is_object(one) and _is_object(other):
        return one is other
    if _is_object(one) or _is_object(other):
        return equal(*(text(value) if _is_object(value) else value for value in (one, other)))
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return number(one) == number(other)


def same(one: Any, other: Any) -> bool:
    """`one === other`: the types must be equal too."""
    kinds = [_kind(value) for value in (one, other)]
    return kinds[0] == kinds[1] and equal(one, other)


def truthy(value: Any) -> bool:
    """Whether a value is truthy in JavaScript."""
    return value is not UNDEFINED and js.truthy(value)


def _kind(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return "object" if _is_object(value) else type(value).__name__


def _is_nothing(value: Any) -> bool:
    return value is None or value is UNDEFINED


def _is_object(value: Any) -> bool:
    return isinstance(value, (list, dict, Inherited))


def _number_of(trimmed: str) -> float:
    if not trimmed:
        return 0.0
    if OTHER_BASE.fullmatch(trimmed):
        return float(int(trimmed, 0))
    return float(trimmed) if WHOLE_NUMBER.fullmatch(trimmed) else math.nan


def _number_text(value: float) -> str:
    if not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value.is_integer() and abs(value) < EXPONENT_FROM:
        return str(int(value))
    return re.sub(r"e([+-])0*", r"e\1", repr(value))
