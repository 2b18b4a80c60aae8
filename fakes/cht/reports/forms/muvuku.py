"""Texts of the Muvuku phone applications: `1!FORM!a#b#c` and `J1!FORM!label#value#...`.

Stands for cht-core `mp-parser.js` and `javarosa-parser.js`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.reports.forms.textforms import Label

MUVUKU = re.compile(r"\s*([A-Za-z]?[0-9])!.+!.+")


def header(message: str) -> str | None:
    """The parser code at the start of a Muvuku text (`1`, `J1`, ...); None for any other text."""
    match = MUVUKU.match(message)
    return match[1].upper() if match else None


def parse_positions(definition: Mapping[str, Any], message: str) -> dict[str, Any]:
    """Values in the order of the fields, None after the last value; `_extra_fields` is true if there are too many."""
    first, *rest = message.split("#")
    values = ["!".join(first.split("!")[2:]), *rest]
    keys = list(definition["fields"])
    found: dict[str, Any] = dict.fromkeys(keys)
    found |= {key: js.trim(value) for key, value in zip(keys, values, strict=False)}
    if len(values) > len(keys):
        found["_extra_fields"] = True
    return found


def parse_labels(definition: Mapping[str, Any], message: str, label: Label) -> dict[str, Any]:
    """Labels and values alternate; `\\#` is a literal `#`."""
    data = "!".join(message.split("!")[2:])
    parts = re.sub(r"([^\\])#", "\\1\v", data).split("\v")
    pairs = [(js.trim(name), value) for name, value in zip(parts[::2], parts[1::2], strict=False)]
    found: dict[str, Any] = {}
    for key, field in definition["fields"].items():
        labels = field.get("labels")
        expected = label(labels["tiny"]) if isinstance(labels, dict) and labels.get("tiny") else None
        for name, value in pairs:
            if isinstance(expected, str) and name.lower() == expected.lower():
                found[key] = value.replace("\\#", "#")
    return found
