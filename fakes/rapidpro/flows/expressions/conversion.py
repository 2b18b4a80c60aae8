"""JSON-like values as values of expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.expressions.values import DateTime, ErrorValue, Function, ObjectValue, Value

SPECIAL = ("__default__", "__deprecated__")
"""Keys of JSON-like objects that are no properties."""
_VALUES = (str, bool, Decimal, DateTime, Function, ObjectValue, ErrorValue)


def from_json(value: Any) -> Value:
    """A JSON-like value as an expression value.

    A key `__default__` is the object's default; an object with the single key `$datetime` is a datetime.
    Python datetimes are accepted too.
    """
    if value is None or isinstance(value, _VALUES):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else ErrorValue("number value out of range")
    if isinstance(value, datetime):
        return DateTime(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, list | tuple):
        return [from_json(item) for item in value]
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if isinstance(value, date | time):
        return value
    raise TypeError(f"expected a JSON value, got {type(value).__name__}")


def when_asked(value: Any) -> Value:
    """As `from_json`, but each part of an object is converted when an expression asks for it.

    A part may be a function without arguments, which makes the JSON-like value.
    """
    if value is None or isinstance(value, str):
        return value
    if callable(value):
        value = value()
    if isinstance(value, list | tuple):
        return [when_asked(item) for item in value]
    return _from_mapping(value, when_asked) if isinstance(value, Mapping) else from_json(value)


def _from_mapping(value: Mapping[str, Any], convert: Callable[[Any], Value] | None = None) -> Value:
    if len(value) == 1 and "$datetime" in value:
        return parse_datetime_text(value["$datetime"])
    properties = {key: item if convert else from_json(item) for key, item in value.items() if key not in SPECIAL}
    default, deprecated = (convert or from_json)(value.get("__default__")), value.get("__deprecated__")
    return ObjectValue(properties, default, has_default="__default__" in value, deprecated=deprecated, convert=convert)


def parse_datetime_text(text: Any) -> DateTime:
    """An ISO time with offset, fraction of up to nine digits. ValueError if it is invalid."""
    if not isinstance(text, str):
        raise ValueError(f"expected an ISO 8601 time, got {text!r}")
    fraction = re.search(r"\.(\d{6})(\d{1,3})(?=\D|\Z)", text)
    nanoseconds = 0
    if fraction:
        nanoseconds = int(fraction.group(2).ljust(3, "0"))
        text = text[: fraction.end(1)] + text[fraction.end() :]
    at = datetime.fromisoformat(text)
    return DateTime(at if at.tzinfo else at.replace(tzinfo=UTC), nanoseconds)
