"""Texts such as `TEMP TEMP 37 # WHEN 2024-10-01`, and compact ones such as `TEMP 37`.

Stands for cht-core `textforms-parser.js`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.dates import parse_written_date
from fakes.cht.javascript.inherited import PROTOTYPE, look_up

BOUNDARY = re.compile(r"\s*#\s*")
NUMERIC = r"[1-9][0-9]*(?:\.(?:[0-9]+)?)?"
DATE = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
FIELD = re.compile(rf"\s*([A-Za-z_.*]+)[\s\-!]*({DATE})?[\s\-!]*({NUMERIC})?[\s\-!]*(.+?)?\s*\Z")
QUOTED = re.compile(r'"[^"]+"|[^"\s]+')
QUOTED_GREEDY = re.compile(r'".+"|[^"\s]+')

Label = Callable[[Any], Any]
"""The text of a label in the language of the message."""


def is_compact(definition: Mapping[str, Any], message: str, label: Label) -> bool:
    """Whether a message (without its form code) has only values: a single part that starts with no field's label."""
    if not message or BOUNDARY.search(message):
        return False
    labels = [
        label(texts.get(kind)) for field in definition["fields"].values() for texts in _labels(field) for kind in SHOWN
    ]
    return not any(_starts_with(message, text) for text in labels)


SHOWN = ("tiny", "short")


def _labels(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    labels = field.get("labels")
    return [labels] if isinstance(labels, dict) else []


def _starts_with(message: str, label: Any) -> bool:
    if not message or not isinstance(label, str) or not label:
        return False
    return message.lower() == label.lower() or re.match(rf"{re.escape(label)}[\s0-9]", message, re.I) is not None


def parse_compact(definition: Mapping[str, Any], message: str) -> dict[str, Any]:
    """Values in the order of the fields; quotation marks group words, a string field at the end takes the rest.

    A field with the name of a property that all objects have gets no value: it counts as set already.
    """
    fields = definition["fields"]
    values = QUOTED.findall(message)
    if len(values) > len(fields):
        values = QUOTED_GREEDY.findall(message)
    found: dict[str, Any] = {}
    for place, (key, field) in enumerate(fields.items(), 1):
        if not values:
            break
        takes_rest = place == len(fields) and field.get("type") == "string"
        value = " ".join(values) if takes_rest else values.pop(0)
        if value.startswith('"') and value.endswith('"'):
            value = value[1:-1]
        if look_up(found, key) is None:
            found[key] = value
    return found


def parse(message: str) -> dict[str, Any]:
    """Values by name in lower case; a repeated name has a list, and so has one that every object has."""
    found: dict[str, Any] = {}
    for part in BOUNDARY.split(message):
        match = FIELD.search(part)
        if match:
            _add(found, match[1].lower(), _value(match[2], match[3], match[4]))
    return found


def _value(date: str | None, numeric: str | None, other: str | None) -> Any:
    if other is not None and not js.trim(other):
        other = None
    if other is not None and numeric is not None:
        return (numeric, other)
    if numeric is not None:
        return js.number(numeric)
    if date is not None:
        return parse_written_date(date)
    return other


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    present = look_up(found, name)
    if name == PROTOTYPE:
        return
    if present is None:
        found[name] = "".join(value) if isinstance(value, tuple) else value
        return
    later: Any = {"type": "pair", "values": list(value)} if isinstance(value, tuple) else value
    if isinstance(present, list):
        present.append(later)
    else:
        found[name] = [present, later]
