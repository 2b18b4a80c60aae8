"""The database behind the API: documents with revisions, in bulk and by list, as CouchDB answers them.

Reads reach the database as they are; writes pass CHT's API, which checks `can_edit` and answers JSON itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fakes.cht import js
from fakes.cht.access import online_user, permitted
from fakes.cht.bodies import json_body, raw_body
from fakes.cht.documents import Conflict, Doc, Documents, NotFound
from fakes.cht.find import BadQuery, find
from fakes.cht.http import Request, json_reply
from fakes.cht.listing import BadList, listing
from fakes.cht.state import State
from fakes.wsgi import Reply

MEDIC = "medic"
SENTINEL = "medic-sentinel"
CONFLICT = {"error": "conflict", "reason": "Document update conflict."}
WRITES = ("PUT", "POST", "DELETE")

Answer = tuple[int, Any]


class CouchError(Exception):
    """An error of the database, with its status, name and reason."""

    def __init__(self, status: int, error: str, reason: str) -> None:
        super().__init__(reason)
        self.answer: Answer = (status, {"error": error, "reason": reason})


class Databases:
    """Whatever no route of the API takes ends here, for users who may reach the database."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._handlers: dict[tuple[str, str], Callable[[Request, Documents], Answer]] = {
            ("GET", ""): self._about,
            ("POST", ""): self._post,
            ("GET", "_all_docs"): self._all_docs,
            ("POST", "_all_docs"): self._all_docs,
            ("POST", "_bulk_docs"): self._bulk_docs,
            ("POST", "_find"): self._find,
        }

    def __call__(self, request: Request) -> Reply:
        """Answer for the database. Raises Unauthorized, Forbidden, HttpError."""
        name, _, rest = request.path.lstrip("/").partition("/")
        written = request.method in WRITES and name == MEDIC and rest not in ("_all_docs", "_find")
        if written:
            json_body(request)  # a malformed body is refused before anything else is looked at
        online_user(request, self._state)
        if written:
            permitted(request, self._state, ("can_edit",))
        try:
            with self._state.lock:
                status, value = self._answer(request, name, rest)
        except CouchError as error:
            status, value = error.answer
        return json_reply(value, status) if written else _proxied(request, value, status)

    def _answer(self, request: Request, name: str, rest: str) -> Answer:
        database = {MEDIC: self._state.docs, SENTINEL: self._state.sentinel}.get(name)
        method = "GET" if request.method == "HEAD" else request.method
        if name == "" and method == "GET":
            return 200, {"couchdb": "Welcome", "version": "3.5.0", "vendor": {"name": "The Apache Software Foundation"}}
        if database is None:
            raise CouchError(404, "not_found", "Database does not exist.")
        handler = self._handlers.get((method, rest))
        if handler is not None:
            return handler(request, database)
        if rest in ("", "_all_docs", "_bulk_docs", "_find"):
            raise CouchError(405, "method_not_allowed", "Only GET,HEAD,POST allowed")
        if rest.startswith("_") and not rest.startswith(("_design/", "_local/")):
            raise CouchError(501, "not_implemented", f"This fake of the database has no {rest.partition('/')[0]}.")
        return self._document(request, database, method, rest)

    def _document(self, request: Request, database: Documents, method: str, doc_id: str) -> Answer:
        if method == "GET":
            return self._get(request, database, doc_id)
        if method == "PUT":
            doc = _object(request)
            if doc.get("_id", doc_id) != doc_id:
                raise CouchError(400, "bad_request", "Document ID must match the URL")
            return self._save(database, {**doc, "_id": doc_id}, request)
        if method == "DELETE":
            return self._delete(request, database, doc_id)
        raise CouchError(405, "method_not_allowed", "Only DELETE,GET,HEAD,POST,PUT,COPY allowed")

    def _get(self, request: Request, database: Documents, doc_id: str) -> Answer:
        doc = database.get(doc_id)
        if doc is None:
            raise CouchError(404, "not_found", database.why_missing(doc_id))
        wanted = request.query.get("rev")
        if wanted is not None and wanted != doc["_rev"]:
            raise CouchError(404, "not_found", "missing")  # older revisions are not kept
        return 200, {"_id": doc_id, "_rev": doc["_rev"], **doc}

    def _save(self, database: Documents, doc: Doc, request: Request | None = None) -> Answer:
        """Save a document; a revision may also come by query or by `If-Match`."""
        given = request.query.get("rev") or (request.header("If-Match") or "").strip('"') if request else None
        if given and "_rev" not in doc:
            doc["_rev"] = given
        _check(doc)
        try:
            revision = database.save(doc)
        except Conflict:
            raise CouchError(409, "conflict", CONFLICT["reason"]) from None
        return 201, {"ok": True, "id": doc["_id"], "rev": revision}

    def _delete(self, request: Request, database: Documents, doc_id: str) -> Answer:
        given = request.query.get("rev") or (request.header("If-Match") or "").strip('"') or None
        try:
            revision = database.delete(doc_id, given if isinstance(given, str) else None)
        except NotFound as missing:
            raise CouchError(404, "not_found", str(missing)) from None
        except Conflict:
            raise CouchError(409, "conflict", CONFLICT["reason"]) from None
        return 200, {"ok": True, "id": doc_id, "rev": revision}

    def _about(self, _request: Request, database: Documents) -> Answer:
        name = MEDIC if database is self._state.docs else SENTINEL
        return 200, {"db_name": name, "doc_count": len(database), "update_seq": str(database.sequence)}

    def _post(self, request: Request, database: Documents) -> Answer:
        doc = _object(request)
        return self._save(database, {**doc, "_id": doc.get("_id") or self._state.new_id()})

    def _bulk_docs(self, request: Request, database: Documents) -> Answer:
        docs = _object(request).get("docs")
        if not isinstance(docs, list):
            raise CouchError(400, "bad_request", "POST body must include `docs` parameter.")
        if not all(isinstance(doc, dict) for doc in docs):
            raise CouchError(400, "bad_request", "Document must be a JSON object")
        for doc in docs:
            _check(doc)
        return 201, [self._one_of_many(database, doc) for doc in docs]

    def _one_of_many(self, database: Documents, doc: Doc) -> Any:
        doc = {**doc, "_id": doc.get("_id") or self._state.new_id()}
        try:
            return self._save(database, doc)[1]
        except CouchError as error:
            return {"id": doc["_id"], **error.answer[1]}

    def _all_docs(self, request: Request, database: Documents) -> Answer:
        wanted = _parameters(request)
        if request.method == "POST":
            wanted = {**wanted, **_object(request)}
        try:
            return 200, listing(database, wanted)
        except BadList as fault:
            raise CouchError(400, "query_parse_error", str(fault)) from None

    def _find(self, request: Request, database: Documents) -> Answer:
        try:
            docs = find(database.all_docs(), _object(request))
        except BadQuery as fault:
            raise CouchError(400, "bad_request", str(fault)) from None
        return 200, {"docs": docs, "bookmark": "nil"}


def _proxied(request: Request, value: Any, status: int) -> Reply:
    """An answer of the database that is passed on: it ends its body with a line end, and knows Accept its own way."""
    kind = "application/json" if "application/json" in (request.header("Accept") or "") else "text/plain; charset=utf-8"
    body = (js.dumps(value) + "\n").encode()
    headers = (("Content-Type", kind), ("WWW-Authenticate", "Cookie"), ("Content-Length", str(len(body))))
    return Reply(status, headers, body)


def _object(request: Request) -> dict[str, Any]:
    """The JSON object of the body, whatever its content type is said to be."""
    if request.content_type == "application/json":
        value = json_body(request)
    else:
        try:
            value = json.loads(raw_body(request).decode("utf-8"))
        except (ValueError, RecursionError):
            raise CouchError(400, "bad_request", "invalid UTF-8 JSON") from None
    if not isinstance(value, dict):
        raise CouchError(400, "bad_request", "Request body must be a JSON object")
    return value


def _check(doc: Mapping[str, Any]) -> None:
    doc_id, revision = doc.get("_id"), doc.get("_rev")
    if doc_id is not None and (not isinstance(doc_id, str) or not doc_id):
        raise CouchError(400, "illegal_docid", "Document id must be a string")
    if doc_id is not None and doc_id.startswith("_") and not doc_id.startswith(("_design/", "_local/")):
        raise CouchError(400, "illegal_docid", "Only reserved document ids may start with underscore.")
    if revision is not None and not _is_revision(revision):
        raise CouchError(400, "bad_request", "Invalid rev format")


def _is_revision(value: Any) -> bool:
    generation, dash, digest = value.partition("-") if isinstance(value, str) else ("", "", "")
    return bool(dash) and generation.isdigit() and bool(digest)


def _parameters(request: Request) -> dict[str, Any]:
    """Query parameters, each read as JSON where it is JSON."""
    found: dict[str, Any] = {}
    for name, text in request.query.items():
        try:
            found[name] = json.loads(text) if isinstance(text, str) else text
        except (ValueError, RecursionError):
            found[name] = text
    return found
