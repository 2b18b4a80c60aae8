"""`_all_docs`: documents by id, as a range or by a list of keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

from fakes.cht.documents import Documents


class BadList(ValueError):
    """A parameter that cannot be understood; the text says why."""


def listing(database: Documents, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The rows for `keys`, `key`, or the range `startkey`..`endkey`, with `include_docs`. Raises BadList."""
    keys = wanted.get("keys")
    if keys is not None:
        if not isinstance(keys, list):
            raise BadList("`keys` must be an array of strings")
        ids, offset = list(keys), None
    else:
        ids, offset = _range(database, wanted)
    skip, limit = _count(wanted, "skip", 0), _count(wanted, "limit", len(ids))
    with_docs = wanted.get("include_docs") is True
    rows = [_row(database, doc_id, with_docs, keys is not None) for doc_id in ids[skip : skip + limit]]
    return {"total_rows": len(database), "offset": None if offset is None else offset + skip, "rows": rows}


def _range(database: Documents, wanted: Mapping[str, Any]) -> tuple[list[Any], int]:
    ids = database.ids()
    if "key" in wanted:
        key = wanted["key"]
        return ([key] if isinstance(key, str) and key in database else []), 0
    first, last = _key(wanted, "startkey", "start_key"), _key(wanted, "endkey", "end_key")
    backwards = wanted.get("descending") is True
    if backwards:
        first, last = last, first
    start = 0 if first is None else bisect_left(ids, first)
    inclusive = wanted.get("inclusive_end") is not False
    end = len(ids) if last is None else (bisect_right if inclusive else bisect_left)(ids, last)
    found = ids[start:end]
    return (found[::-1], len(ids) - end) if backwards else (found, start)


def _key(wanted: Mapping[str, Any], *names: str) -> str | None:
    value = next((wanted[name] for name in names if name in wanted), None)
    if value is not None and not isinstance(value, str):
        raise BadList(f"`{names[0]}` must be a string")
    return value


def _count(wanted: Mapping[str, Any], name: str, default: int) -> int:
    value = wanted.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadList(f"Invalid value for positive integer: {value!r} (`{name}`)")
    return value


def _row(database: Documents, doc_id: Any, with_docs: bool, by_key: bool) -> dict[str, Any]:
    revision = database.revision(doc_id) if isinstance(doc_id, str) else None
    if revision is None:
        buried = database.buried(doc_id) if by_key and isinstance(doc_id, str) else None
        if buried is None:
            return {"key": doc_id, "error": "not_found"}
        row: dict[str, Any] = {"id": doc_id, "key": doc_id, "value": {"rev": buried, "deleted": True}}
        return {**row, "doc": None} if with_docs else row
    row = {"id": doc_id, "key": doc_id, "value": {"rev": revision}}
    return {**row, "doc": database.get(doc_id)} if with_docs else row
