"""The payload of an outbound push: the mapping applied to a document, and the hash that identifies duplicates.

Source: cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript.paths import UNDEFINED, PathError, get_path, set_path
from fakes.cht.javascript.sandbox import ScriptError, evaluate


class OutboundError(Exception):
    """A push that is impossible or failed; the text says why."""


def payload_of(doc: Doc, configuration: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The payload of a push. Raises OutboundError if the mapping is invalid or a required value is missing."""
    mapping = configuration.get("mapping")
    if not isinstance(mapping, Mapping):
        raise OutboundError(f"{name!r} has no mapping")
    found: dict[str, Any] = {}
    for target, source in mapping.items():
        value = _value(doc, source, f"{name}/{target}")
        if value is not UNDEFINED:
            try:
                set_path(found, target, value)
            except PathError as fault:
                raise OutboundError(f"Mapping error for '{name}/{target}': {fault}") from None
    return found


def _value(doc: Doc, source: Any, name: str) -> Any:
    rule = {"path": source} if isinstance(source, str) else source
    if not isinstance(rule, Mapping):
        raise OutboundError(f"Mapping error for '{name}': neither a path nor an object")
    expression, path = rule.get("expr"), rule.get("path")
    if expression:
        missing, value = _evaluate(doc, str(expression), name)
    elif path:
        value = get_path({"doc": doc}, str(path))
        missing = value is UNDEFINED
    else:
        raise OutboundError(f"Mapping error for '{name}': either 'expr' or 'path' is required")
    if missing and not js.truthy(rule.get("optional")):
        raise OutboundError(f"Mapping error for '{name}' on document {doc.get('_id')!r}: no value")
    return value


def _evaluate(doc: Doc, expression: str, name: str) -> tuple[bool, Any]:
    try:
        outcome = evaluate(expression, {"doc": doc})
    except ScriptError as fault:
        raise OutboundError(f"Mapping error for '{name}' on document {doc.get('_id')!r}: {fault}") from None
    return outcome.missing, outcome.value if outcome.serializable else UNDEFINED


def as_json(value: Any) -> str:
    """`JSON.stringify`: whole numbers without a fraction, numeric names first."""
    return js.dumps(_ordered(value))


def digest(payload: Any) -> str:
    """SHA-256 of the payload as JSON with sorted names; objects in lists keep their order, as in the real CHT."""
    return hashlib.sha256(_sorted(_ordered(payload)).encode("utf-8", "surrogatepass")).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in _in_order(value)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def _in_order(names: Iterable[str]) -> list[str]:
    numbers = [name for name in names if name.isascii() and name.isdigit() and str(int(name)) == name]
    return [*sorted(numbers, key=int), *(name for name in names if name not in numbers)]


def _sorted(value: Any) -> str:
    if not isinstance(value, dict):
        return js.dumps(value)
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f'"{name}":{_sorted(value[name])}' for name in names) + "}"
