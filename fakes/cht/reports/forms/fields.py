"""Parsing one value by the type of its field (cht-core `smsparser.js`, `parseField`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fakes.cht.errors import ServerError
from fakes.cht.javascript import js
from fakes.cht.javascript.dates import parse_moment
from fakes.cht.javascript.inherited import call_unbound, inherited
from fakes.cht.messages.phone_number import normalize
from fakes.cht.state import State
from fakes.cht.translations import translate

INVISIBLE = re.compile("[\u200b-\u200d\ufeff]")
DEVANAGARI = str.maketrans("०१२३४५६७८९", "0123456789")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+)\Z")
LATEST = 8.64e15
"""The last ms of a JavaScript date."""

Reader = Callable[[Any, Mapping[str, Any], str, State], Any]


def parse_field(field: Mapping[str, Any], raw: Any, key: str, state: State) -> Any:
    """The typed value of a field, None if it is invalid; a field of unknown type keeps the raw text.

    A type that every object has a property for is that function. Raises ServerError where the real CHT throws.
    """
    kind = str(field.get("type"))
    reader = READERS.get(kind) or (_inherited if inherited(kind) is not None else None)
    if reader is None or raw is None:
        return raw
    return None if raw == "" else reader(raw, field, key, state)


def _inherited(raw: Any, field: Mapping[str, Any], _key: str, _state: State) -> Any:
    try:
        return call_unbound(str(field["type"]), raw)
    except TypeError:
        raise ServerError from None


def _clean(raw: Any) -> str:
    return INVISIBLE.sub("", js.string(raw).translate(DEVANAGARI))


def _number(raw: Any) -> int | float | None:
    """A number as `Number` reads it: spaces are 0, other bases are allowed; None for invisible characters only."""
    cleaned = _clean(raw)
    text = js.trim(cleaned)
    if not text:
        return 0 if cleaned else None
    if OTHER_BASE.match(text):
        return js.number(str(int(text, 0)))
    return js.number(text) if NUMBER.match(text) else None


def _integer(raw: Any, field: Mapping[str, Any], _key: str, state: State) -> Any:
    if not field.get("list"):
        return _number(raw)
    choice = INVISIBLE.sub("", js.string(raw))
    for item in field["list"]:
        if js.string(item[0]) == choice:
            return translate(state, item[1])
    return None


def _string(raw: Any, field: Mapping[str, Any], key: str, _state: State) -> Any:
    if field.get("list"):
        choice = INVISIBLE.sub("", raw) if isinstance(raw, str) else raw
        return next((item[1] for item in field["list"] if item[0] == choice), raw)
    return _clean(raw) if key in ("patient_id", "place_id") else raw


def _date(raw: Any, _field: Mapping[str, Any], _key: str, _state: State) -> Any:
    if isinstance(raw, (int, float)):
        return int(raw) if abs(raw) <= LATEST else None
    return parse_moment(INVISIBLE.sub("", js.string(raw)))


def _boolean(raw: Any, _field: Mapping[str, Any], _key: str, _state: State) -> Any:
    value = _number(raw)
    return bool(value) if value in (0, 1) else None


def _month(raw: Any, _field: Mapping[str, Any], _key: str, _state: State) -> Any:
    return _number(raw)


def _phone(raw: Any, _field: Mapping[str, Any], _key: str, state: State) -> Any:
    text = _clean(raw)
    return normalize(state.settings, text) or text


def _digits(raw: Any, _field: Mapping[str, Any], _key: str, _state: State) -> Any:
    return _clean(raw)


def _unsupported(_raw: Any, _field: Mapping[str, Any], _key: str, _state: State) -> Any:
    """Dates of the Bikram Sambat calendar: the fake does not support it, so they count as invalid."""
    return None


READERS: Mapping[str, Reader] = {
    "integer": _integer,
    "string": _string,
    "date": _date,
    "bsDate": _unsupported,
    "boolean": _boolean,
    "month": _month,
    "phone_number": _phone,
    "bsYear": _digits,
    "bsMonth": _digits,
    "bsDay": _digits,
}
