"""CouchDB's query language of `_find`, evaluated document by document, without indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.couch.message_views import value_order

ABSENT = object()
DEFAULT_LIMIT = 25
MAX_PATTERN_MEMORY = 4 << 20
"""Bytes for one compiled pattern; one that needs more is refused."""


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
    return all(_meets(value, key, operand) for key, operand in selector.items())


def _meets(value: Any, key: str, operand: Any) -> bool:
    if not key.startswith("$"):
        return matches(_value(value, key), operand)
    if key in GROUPS:
        return GROUPS[key](value, operand)
    if key not in OPERATORS:
        raise QueryError(f"Invalid operator: {key}")
    if key == "$exists":
        return (value is not ABSENT) == bool(operand)
    return value is not ABSENT and OPERATORS[key](value, operand)


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


def _regex(value: Any, operand: Any) -> bool:
    """Whether a pattern matches somewhere in a text, in time linear in its length.

    CouchDB has PCRE with a limit of steps, beyond which nothing matches. Here it is RE2: without back-references and
    look-arounds, which are refused.
    """
    import re2  # slow to import, and few queries have patterns

    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    try:
        pattern = re2.compile(_utf8(str(operand)), options)
    except re2.error as fault:
        reason = str(fault.args[0].decode("utf-8", "replace") if isinstance(fault.args[0], bytes) else fault)
        raise QueryError(f"Invalid or unsupported regular expression {operand!r:.200}: {reason:.200}") from None
    return isinstance(value, str) and pattern.search(_utf8(value)) is not None


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _mod(value: Any, operand: Any) -> bool:
    if not isinstance(operand, list) or len(operand) != 2 or not all(isinstance(part, int) for part in operand):
        raise QueryError(f"$mod takes [divisor, remainder], got {operand!r}")
    return isinstance(value, int) and operand[0] != 0 and value % operand[0] == operand[1]


TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def _has_type(value: Any, operand: Any) -> bool:
    if operand == "number" and isinstance(value, bool):
        return False
    return isinstance(value, TYPES.get(str(operand), ()))


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, operand: not _equal(value, operand),
    "$lt": lambda value, operand: value_order(value) < value_order(operand),
    "$lte": lambda value, operand: value_order(value) <= value_order(operand),
    "$gt": lambda value, operand: value_order(value) > value_order(operand),
    "$gte": lambda value, operand: value_order(value) >= value_order(operand),
    "$in": lambda value, operand: any(_equal(value, item) for item in _list(operand)),
    "$nin": lambda value, operand: not any(_equal(value, item) for item in _list(operand)),
    "$exists": lambda value, operand: True,  # noqa: ARG005 - existence was checked before
    "$type": _has_type,
    "$size": lambda value, operand: isinstance(value, list) and len(value) == operand,
    "$all": lambda value, operand: isinstance(value, list) and all(item in value for item in _list(operand)),
    "$mod": _mod,
    "$regex": _regex,
    "$beginsWith": lambda value, operand: isinstance(value, str) and value.startswith(str(operand)),
    "$elemMatch": lambda value, operand: isinstance(value, list) and any(matches(item, operand) for item in value),
    "$allMatch": lambda value, operand: (
        isinstance(value, list) and value != [] and all(matches(item, operand) for item in value)
    ),
}

GROUPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$and": lambda value, operand: all(matches(value, part) for part in _list(operand)),
    "$or": lambda value, operand: any(matches(value, part) for part in _list(operand)),
    "$nor": lambda value, operand: not any(matches(value, part) for part in _list(operand)),
    "$not": lambda value, operand: not matches(value, operand),
}
