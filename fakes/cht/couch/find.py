"""CouchDB's query language of `_find`, evaluated document by document, without indexes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.couch.message_views import value_order

ABSENT = object()
DEFAULT_LIMIT = 25


class QueryError(ValueError):
    """An invalid query; the text says why."""


def find(docs: Iterable[Doc], query: Mapping[str, Any]) -> list[Doc]:
    """The documents that match `selector`, `sort`ed, without the first `skip`, at most `limit`, reduced to `fields`.

    Raises QueryError.
    """
    selector = query.get("selector")
    if not isinstance(selector, dict):
        raise QueryError("Missing required key: selector")
    found = [doc for doc in docs if matches(doc, selector)]
    for entry in reversed(_list(query.get("sort"))):
        name, way = next(iter(entry.items())) if isinstance(entry, dict) and entry else (entry, "asc")
        found = _sorted(found, str(name), backwards=way == "desc")
    skip, limit = _count(query, "skip", 0), _count(query, "limit", DEFAULT_LIMIT)
    found = found[skip : skip + limit]
    fields = _list(query.get("fields"))
    return [_cut(doc, fields) for doc in found] if fields else found


def matches(value: Any, selector: Any) -> bool:
    """Whether a value matches a selector: a plain value means equality, an object names fields or operators."""
    if not isinstance(selector, dict):
        return value is not ABSENT and _equal(value, selector)
    return all(_meets(value, key, wanted) for key, wanted in selector.items())


def _meets(value: Any, key: str, wanted: Any) -> bool:
    if not key.startswith("$"):
        return matches(_value(value, key), wanted)
    if key in GROUPS:
        return GROUPS[key](value, wanted)
    if key not in OPERATORS:
        raise QueryError(f"Invalid operator: {key}")
    if key == "$exists":
        return (value is not ABSENT) == bool(wanted)
    return value is not ABSENT and OPERATORS[key](value, wanted)


def _value(value: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name, ABSENT)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ABSENT
    return value


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _order(value: Any) -> tuple[int, Any]:
    return (-1, "") if value is ABSENT else value_order(value)


def _sorted(docs: list[Doc], path: str, *, backwards: bool) -> list[Doc]:
    return sorted(docs, key=lambda doc: _order(_value(doc, path)), reverse=backwards)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(query: Mapping[str, Any], name: str, default: int) -> int:
    value = query.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError(f"Bad value for key {name!r}: {value!r}, expected an integer of at least 0")
    return value


def _cut(doc: Doc, fields: list[Any]) -> Doc:
    cut: Doc = {}
    for path in fields:
        value = _value(doc, str(path))
        if value is ABSENT:
            continue
        target, names = cut, str(path).split(".")
        for name in names[:-1]:
            target = target.setdefault(name, {})
        target[names[-1]] = value
    return cut


def _regex(value: Any, wanted: Any) -> bool:
    try:
        return isinstance(value, str) and re.search(str(wanted), value) is not None
    except re.error as fault:
        raise QueryError(f"Invalid regular expression {wanted!r}: {fault}") from None


def _mod(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list) or len(wanted) != 2 or not all(isinstance(part, int) for part in wanted):
        raise QueryError(f"$mod takes [divisor, remainder], got {wanted!r}")
    return isinstance(value, int) and wanted[0] != 0 and value % wanted[0] == wanted[1]


TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def _has_type(value: Any, wanted: Any) -> bool:
    if wanted == "number" and isinstance(value, bool):
        return False
    return isinstance(value, TYPES.get(str(wanted), ()))


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, wanted: not _equal(value, wanted),
    "$lt": lambda value, wanted: value_order(value) < value_order(wanted),
    "$lte": lambda value, wanted: value_order(value) <= value_order(wanted),
    "$gt": lambda value, wanted: value_order(value) > value_order(wanted),
    "$gte": lambda value, wanted: value_order(value) >= value_order(wanted),
    "$in": lambda value, wanted: any(_equal(value, item) for item in _list(wanted)),
    "$nin": lambda value, wanted: not any(_equal(value, item) for item in _list(wanted)),
    "$exists": lambda value, wanted: True,  # noqa: ARG005 - existence was checked before
    "$type": _has_type,
    "$size": lambda value, wanted: isinstance(value, list) and len(value) == wanted,
    "$all": lambda value, wanted: isinstance(value, list) and all(item in value for item in _list(wanted)),
    "$mod": _mod,
    "$regex": _regex,
    "$beginsWith": lambda value, wanted: isinstance(value, str) and value.startswith(str(wanted)),
    "$elemMatch": lambda value, wanted: isinstance(value, list) and any(matches(item, wanted) for item in value),
    "$allMatch": lambda value, wanted: (
        isinstance(value, list) and value != [] and all(matches(item, wanted) for item in value)
    ),
}

GROUPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$and": lambda value, wanted: all(matches(value, part) for part in _list(wanted)),
    "$or": lambda value, wanted: any(matches(value, part) for part in _list(wanted)),
    "$nor": lambda value, wanted: not any(matches(value, part) for part in _list(wanted)),
    "$not": lambda value, wanted: not matches(value, wanted),
}
