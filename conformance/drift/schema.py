"""Where a JSON value does not match a schema, in sentences that name fields and types but never what people wrote.

Supports the part of JSON Schema that the fakes use to describe themselves (`fakes.rapidpro.api.openapi.types`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

Schema = Mapping[str, Any]
FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"),
        "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    }
)
LONGEST_WORD = 40


def mismatches(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """A sentence for each part of `value` that does not match `schema`. List items share one path, `[*]`."""
    if "oneOf" in schema:
        schema = _chosen(value, schema["oneOf"])
    if "enum" in schema:
        if value not in schema["enum"]:
            known = ", ".join(map(_word, schema["enum"]))
            yield f"{_place(path)}: {_word(value)} is not one of the recorded words: {known}"
        return
    allowed = schema.get("type", ())
    kinds = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    if kinds and kind_of(value) not in kinds:
        yield f"{_place(path)}: {kind_of(value)}, recorded: {' or '.join(kinds)}"
    elif isinstance(value, str) and "format" in schema and not FORMS[schema["format"]].fullmatch(value):
        yield f"{_place(path)}: not of the recorded form of a {schema['format']}"
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from mismatches(item, schema["items"], f"{path}[*]")
    elif isinstance(value, Mapping):
        yield from _of_object(value, schema, path)


def kind_of(value: Any) -> str:
    """The JSON Schema type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    names = ((float, "number"), (str, "string"), (list, "array"), (Mapping, "object"))
    return next((name for type_, name in names if isinstance(value, type_)), "null")


def _of_object(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[str]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{_place(path, key)}: missing"
    for key, item in value.items():
        if key in properties:
            yield from mismatches(item, properties[key], _place(path, key))
        elif others is False:
            yield f"{_place(path, key)}: a field that was never recorded"
        elif isinstance(others, Mapping):
            yield from mismatches(item, others, _place(path, "*"))


def _chosen(value: Any, schemas: list[Schema]) -> Schema:
    """The alternative for the value's type, or the first."""
    return next((one for one in schemas if one.get("type") == kind_of(value)), schemas[0])


def _place(path: str, key: str = "") -> str:
    return f"{path}.{key}" if path and key else path or key or "the answer"


def _word(value: Any) -> str:
    return value[:LONGEST_WORD] if isinstance(value, str) else kind_of(value)
