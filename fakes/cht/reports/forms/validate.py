"""The errors of a parsed report (cht-core `api/src/services/report/validate.js`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakes.cht.javascript.inherited import look_up
from fakes.cht.javascript.paths import UNDEFINED


def _is_integer(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and float(value).is_integer()


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "integer": _is_integer,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "complex": lambda value: isinstance(value, (dict, list)),
}


def validate(definition: Mapping[str, Any], data: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Errors as (code, context): one for each field of a wrong type, then one for all missing fields."""
    found: list[tuple[str, dict[str, Any]]] = []
    missing: list[str] = []
    for key, field in definition["fields"].items():
        value = look_up(data, key)
        if value is None or value is UNDEFINED:
            if field.get("required"):
                missing.append(key)
            continue
        kind = field.get("type")
        if not field.get("list") and kind in TYPES and not TYPES[kind](value):
            found.append(("sys.incorrect_type", {"expectedType": kind, "key": key}))
    if missing:
        found.append(("sys.missing_fields", {"fields": missing}))
    return found
