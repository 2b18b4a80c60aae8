"""The databases behind the API: single documents, bulk writes, listings and queries, with CouchDB's replies.

Reads reach the database unchanged; CHT's API handles writes, checks `can_edit` and sends the JSON reply itself.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from fakes.cht.api import couch_http
from fakes.cht.api.access import online_user, permitted
from fakes.cht.api.all_docs import listing, parameters
from fakes.cht.api.bodies import json_body
from fakes.cht.api.couch_http import CouchError, database_body, database_reply
from fakes.cht.api.http import Request, json_reply
from fakes.cht.couch.documents import Conflict, Doc, Documents, NotFound
from fakes.cht.couch.find import QueryError, find
from fakes.cht.state import State
from fakes.serving.wsgi import Reply

MEDIC = "medic"
SENTINEL = "medic-sentinel"
BODIES = ("PUT", "POST")
WRITES = (*BODIES, "DELETE")
PASSED_ON = ("_all_docs", "_find")
"""Paths that reach the database unread, though they have a body."""
NO_ATTACHMENTS = CouchError(501, "not_implemented", "This fake of the database does not store attachments.")

Answer = couch_http.Answer


class Databases:
    """Handles all paths without a route of the API, for users who may access the database."""

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
        """The reply of the database. Raises Unauthorized, Forbidden, HttpError."""
        name, _, rest = request.path.lstrip("/").partition("/")
        written = request.method in WRITES and name == MEDIC and rest not in PASSED_ON
        if written and request.method in BODIES:
            json_body(request)  # a malformed body is rejected before anything else is checked
        online_user(request, self._state)
        written = written and request.path != "/medic"  # CHT handles only the paths below it
        if written:
            permitted(request, self._state, ("can_edit",))
        try:
            with self._state.lock:
                status, value = self._answer(request, name, rest)
        except CouchError as error:
            status, value = error.answer
        if written:
            kind = couch_http.answer_type(request).partition(";")[0]
            return json_reply(value, status, f"{kind}; charset=utf-8")
        return database_reply(request, value, status)

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
            raise CouchError(405, "method_not_allowed", f"Only {ALLOWED[rest]} allowed")
        if rest.startswith("_") and not rest.startswith(("_design/", "_local/")):
            raise CouchError(501, "not_implemented", f"This fake of the database has no {rest.partition('/')[0]}.")
        return self._document(request, database, method, rest)

    def _document(self, request: Request, database: Documents, method: str, doc_id: str) -> Answer:
        reserved = doc_id.startswith(("_design/", "_local/"))
        if doc_id.count("/") > reserved:
            return self._attachment(database, method, doc_id, levels=1 + reserved)
        if method == "GET":
            return self._get(request, database, doc_id)
        if method == "PUT":
            couch_http.check_id(doc_id)
            doc = couch_http.validated(self._body(request, database))
            return self._save(database, {**doc, "_id": doc_id}, request)
        if method == "DELETE":
            return self._delete(request, database, doc_id)
        raise CouchError(405, "method_not_allowed", "Only DELETE,GET,HEAD,POST,PUT,COPY allowed")

    def _attachment(self, database: Documents, method: str, path: str, levels: int) -> Answer:
        """The error reply: attachments are not stored."""
        doc_id = "/".join(path.split("/")[:levels])
        if method not in ("GET", "DELETE"):
            return NO_ATTACHMENTS.answer
        if doc_id not in database:
            raise CouchError(404, "not_found", database.missing_reason(doc_id))
        raise CouchError(404, "not_found", "Document is missing attachment")

    def _body(self, request: Request, database: Documents) -> Any:
        """The body of a write; CHT's API parses it if it goes to its own database."""
        return json_body(request) if database is self._state.docs else database_body(request)

    def _get(self, request: Request, database: Documents, doc_id: str) -> Answer:
        requested = request.query.get("rev")
        if requested is not None:
            couch_http.check_revision(requested)
        doc = database.get(doc_id)
        if doc is None:
            if requested is not None and requested == database.deleted_revision(doc_id):
                return 200, {"_id": doc_id, "_rev": requested, "_deleted": True}
            raise CouchError(404, "not_found", "missing" if requested is not None else database.missing_reason(doc_id))
        if requested is not None and requested != doc["_rev"]:
            raise CouchError(404, "not_found", "missing")  # older revisions are not stored
        return 200, {"_id": doc_id, "_rev": doc["_rev"], **doc}

    def _save(self, database: Documents, doc: Doc, request: Request | None = None) -> Answer:
        """Save a validated document; the query or `If-Match` may name the revision too."""
        revision = couch_http.requested_revision(request, doc) if request is not None else None
        if revision is not None:
            doc["_rev"] = revision
        try:
            revision = database.save(doc)
        except Conflict:
            raise CouchError(409, "conflict", couch_http.CONFLICT) from None
        return 200 if doc.get("_deleted") else 201, {"ok": True, "id": doc["_id"], "rev": revision}

    def _delete(self, request: Request, database: Documents, doc_id: str) -> Answer:
        if doc_id not in database:
            raise CouchError(404, "not_found", database.missing_reason(doc_id))
        revision = couch_http.requested_revision(request, {})
        try:
            revision = database.delete(doc_id, revision)
        except NotFound as missing:
            raise CouchError(404, "not_found", str(missing)) from None
        except Conflict:
            raise CouchError(409, "conflict", couch_http.CONFLICT) from None
        return 200, {"ok": True, "id": doc_id, "rev": revision}

    def _about(self, _request: Request, database: Documents) -> Answer:
        name = MEDIC if database is self._state.docs else SENTINEL
        return 200, {"db_name": name, "doc_count": len(database), "update_seq": str(database.sequence)}

    def _post(self, request: Request, database: Documents) -> Answer:
        doc = couch_http.validated(self._body(request, database))
        return 201, self._save(database, {**doc, "_id": doc.get("_id") or self._state.new_id()})[1]

    def _bulk_docs(self, request: Request, database: Documents) -> Answer:
        body = couch_http.json_object(self._body(request, database))
        if "docs" not in body:
            raise couch_http.bad_request("POST body must include `docs` parameter.")
        if not isinstance(body["docs"], list):
            raise couch_http.bad_request("`docs` parameter must be an array.")
        docs = [couch_http.validated(doc) for doc in body["docs"]]
        new_edits = body.get("new_edits", True)
        if new_edits is False:
            return self._replicated(database, docs)
        if new_edits is not True:
            raise couch_http.bad_request("`new_edits` parameter must be a boolean.")
        return 201, [self._save_one_of_many(database, doc) for doc in docs]

    def _replicated(self, database: Documents, docs: list[Doc]) -> Answer:
        """Store documents with their own revisions: there are no conflicts, and the reply lists nothing."""
        if not all("_rev" in doc for doc in docs):
            reason = "When `new_edits: false`, the document needs `_rev` or `_revisions` specified"
            raise couch_http.bad_request(reason)
        for doc in docs:
            database.replicate({**doc, "_id": doc.get("_id") or self._state.new_id()})
        return 201, []

    def _save_one_of_many(self, database: Documents, doc: Doc) -> Any:
        doc = {**doc, "_id": doc.get("_id") or self._state.new_id()}
        try:
            return self._save(database, doc)[1]
        except CouchError as error:
            return {"id": doc["_id"], **error.answer[1]}

    def _all_docs(self, request: Request, database: Documents) -> Answer:
        body = database_body(request) if request.method == "POST" else None
        return 200, listing(database, parameters(request, body))

    def _find(self, request: Request, database: Documents) -> Answer:
        try:
            docs = find(database.all_docs(), database_body(request))
        except QueryError as fault:
            raise couch_http.bad_request(str(fault)) from None
        return 200, {"docs": docs, "bookmark": "nil"}


ALLOWED = MappingProxyType(
    {"": "DELETE,GET,HEAD,POST", "_all_docs": "GET,HEAD,POST", "_bulk_docs": "POST", "_find": "POST"}
)
