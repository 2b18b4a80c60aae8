"""Parsing a text into the fields of its form (cht-core `api/src/services/report/smsparser.js`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import PROTOTYPE, Inherited, inherited, look_up
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.reports.forms import muvuku, textforms
from fakes.cht.reports.forms.fields import parse_field
from fakes.cht.state import State
from fakes.cht.translations import translate

INVISIBLE = re.compile("[\u200b-\u200d\ufeff]")
FIRST_WORD = re.compile(rf"[{js.SPACES}]*([^{js.SPACES}!\-,:#]+)")


def strip_invisible(text: str) -> str:
    """`text` without zero-width characters."""
    return INVISIBLE.sub("", text)


def form_code(message: Any) -> str | None:
    """The possible form code at the start of a text, in upper case, whether or not such a form exists."""
    if not isinstance(message, str):
        return None
    parts = message.split("!")
    if len(parts) >= 3:
        return parts[1].upper()
    match = FIRST_WORD.match(message)
    return match[1].upper() if match else None


def parse(definition: Mapping[str, Any], message: str, locale: Any, state: State) -> dict[str, Any]:
    """The fields of a text, typed by the form; dots in names create nested objects.

    Empty for a text that cannot be parsed. `_extra_fields` is true if there are more values than fields.
    UNDEFINED hides a property that all objects have.
    """
    raw, complete = _raw(definition, message, locale, state)
    found: dict[str, Any] = {}
    for key, field in definition["fields"].items():
        if complete or js.truthy(look_up(raw, key)):
            value = parse_field(field, look_up(raw, key), key, state)
            if look_up(raw, key) is not None or not complete:
                _put(found, key.split("."), value)
            elif "." in key:
                _put(found, key.split(".")[:-1], {})
            elif isinstance(inherited(key), Inherited):
                found[key] = UNDEFINED
    _add_bikram_sambat(found, definition, raw)
    if raw.get("_extra_fields") is True:
        found["_extra_fields"] = True
    return found


def _raw(definition: Mapping[str, Any], message: str, locale: Any, state: State) -> tuple[dict[str, Any], bool]:
    """Raw values by field, and whether fields without a value count too."""

    def label(texts: Any, language: Any = None) -> Any:
        return translate(state, texts, language) if texts is not None else None

    header = muvuku.header(message)
    if header == "1":
        return muvuku.parse_positions(definition, message), True
    if header == "J1":
        return muvuku.parse_labels(definition, message, label), True
    if header is not None:
        return {}, False
    text = _without_code(definition, message)
    if textforms.is_compact(definition, text, lambda texts: label(texts, locale)):
        return textforms.parse_compact(definition, text), False
    raw = textforms.parse(text)
    for key, field in definition["fields"].items():
        labels = field.get("labels")
        name = label(labels.get("tiny"), locale) if isinstance(labels, dict) else None
        name = name.lower() if isinstance(name, str) else name
        if key != name and isinstance(name, str) and js.truthy(look_up(raw, name)):
            raw[key] = look_up(raw, name)
            raw[name] = None
    return raw, False


def _without_code(definition: Mapping[str, Any], message: str) -> str:
    meta = definition.get("meta")
    code = meta.get("code") if isinstance(meta, dict) else None
    if not isinstance(code, str):
        return message
    spaces = js.SPACES
    return re.sub(rf"^[{spaces}]*{re.escape(code)}[{spaces}!\-,:#]*", "", message, count=1, flags=re.I)


def _add_bikram_sambat(found: dict[str, Any], definition: Mapping[str, Any], raw: Mapping[str, Any]) -> None:
    """The date from year, month and day fields: the calendar is not supported, so it is None."""
    kinds = {field.get("type"): key for key, field in reversed(definition["fields"].items())}
    years = [raw.get(key) for key, field in definition["fields"].items() if field.get("type") == "bsYear"]
    if "bsAggreDate" in kinds and years and js.truthy(years[-1]):
        found[kinds["bsAggreDate"]] = None


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a value at a path. What belongs to a function that every object has, or to its prototype, is not stored."""
    name, *rest = path
    if name == PROTOTYPE or (rest and name not in target and inherited(name) is not None):
        return
    if not rest:
        target[name] = value
        return
    inner = target.get(name)
    if not isinstance(inner, dict):
        inner = target[name] = {}
    _put(inner, rest, value)
