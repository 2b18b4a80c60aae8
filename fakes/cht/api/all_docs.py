"""`_all_docs`: documents by id, as a range or by a list of keys."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

from fakes.cht.api import couch_http
from fakes.cht.api.couch_http import CouchError
from fakes.cht.api.http import Request
from fakes.cht.couch.documents import Documents
from fakes.cht.javascript import js

JSON_PARAMETERS = ("key", "keys", "startkey", "start_key", "endkey", "end_key")
FLAGS = ("descending", "inclusive_end", "include_docs")
COUNTS = ("skip", "limit")


def parameters(request: Request, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parsed parameters of the query and of the body (None for GET), which wins (CouchDB `couch_mrview_http.erl`).

    Raises CouchError.
    """
    found = {name: _decoded(name, text) for name, text in request.query.items()}
    found.update(body or {})
    if found.get("keys") is not None and not isinstance(found["keys"], list):
        place = "parameter" if body is None else "body member"
        raise couch_http.bad_request(f"`keys` {place} must be an array.")
    for name in FLAGS:
        if name in found:
            found[name] = _flag(found[name])
    for name in COUNTS:
        if name in found:
            found[name] = _count(found[name])
    return found


def listing(database: Documents, query: Mapping[str, Any]) -> dict[str, Any]:
    """The rows for `keys`, `key`, or the range `startkey`..`endkey`, with `include_docs`. Raises CouchError."""
    keys = query.get("keys")
    if keys is not None:
        ids, offset = list(keys), None
    else:
        ids, offset = _range(database, query)
    skip, limit = query.get("skip", 0), query.get("limit", len(ids))
    with_docs = query.get("include_docs", False)
    rows = [_row(database, doc_id, with_docs, keys is not None) for doc_id in ids[skip : skip + limit]]
    return {"total_rows": len(database), "offset": None if offset is None else offset + skip, "rows": rows}


def _range(database: Documents, query: Mapping[str, Any]) -> tuple[list[Any], int]:
    ids = database.ids()
    if "key" in query:
        key = query["key"]
        return ([key] if isinstance(key, str) and key in database else []), 0
    first, last = _key(query, "startkey", "start_key"), _key(query, "endkey", "end_key")
    backwards = query.get("descending", False)
    if backwards:
        first, last = last, first
    start = 0 if first is None else bisect_left(ids, first)
    inclusive = query.get("inclusive_end", True)
    end = len(ids) if last is None else (bisect_right if inclusive else bisect_left)(ids, last)
    found = ids[start:end]
    return (found[::-1], len(ids) - end) if backwards else (found, start)


def _key(query: Mapping[str, Any], *names: str) -> str | None:
    value = next((query[name] for name in names if name in query), None)
    if value is not None and not isinstance(value, str):
        raise CouchError(400, "query_parse_error", f"`{names[0]}` must be a string")
    return value


def _decoded(name: str, text: Any) -> Any:
    if name not in JSON_PARAMETERS or not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise couch_http.bad_request(couch_http.MALFORMED) from None


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise CouchError(400, "query_parse_error", f"Invalid boolean parameter: {js.dumps(value)}")


def _count(value: Any) -> int:
    number = value
    if isinstance(value, str) and re.fullmatch("[+-]?[0-9]+", value):
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise CouchError(400, "query_parse_error", f"Invalid value for integer: {js.dumps(value)}")
    if number < 0:
        raise CouchError(400, "query_parse_error", f"Invalid value for positive integer: {js.dumps(value)}")
    return number


def _row(database: Documents, doc_id: Any, with_docs: bool, by_key: bool) -> dict[str, Any]:
    revision = database.revision(doc_id) if isinstance(doc_id, str) else None
    if revision is None:
        deleted_revision = database.deleted_revision(doc_id) if by_key and isinstance(doc_id, str) else None
        if deleted_revision is None:
            return {"key": doc_id, "error": "not_found"}
        row: dict[str, Any] = {"id": doc_id, "key": doc_id, "value": {"rev": deleted_revision, "deleted": True}}
        return {**row, "doc": None} if with_docs else row
    row = {"id": doc_id, "key": doc_id, "value": {"rev": revision}}
    return {**row, "doc": database.get(doc_id)} if with_docs else row
