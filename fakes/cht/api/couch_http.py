"""CouchDB's HTTP API: validated documents, error replies (CouchDB `chttpd_db.erl`, `couch_doc.erl`, `chttpd.erl`)."""

from __future__ import annotations

import json
import re
from typing import Any

from fakes.cht.api.bodies import raw_body
from fakes.cht.api.http import Request
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.serving.wsgi import Reply

Answer = tuple[int, Any]
CONFLICT = "Document update conflict."
MALFORMED = "invalid UTF-8 JSON"
REVISION = re.compile(r"[+-]?[0-9]+-(?P<digest>.*)", re.DOTALL)
HEX = re.compile(r"[0-9a-fA-F]{32}")
IGNORED = ("_revs_info", "_local_seq", "_conflicts", "_deleted_conflicts", "_revisions")
"""Members that a document may contain, because the database returns them; they are not stored."""
STORED = ("_id", "_rev", "_deleted", "_attachments")


class CouchError(Exception):
    """An error of the database, with its status, name and reason."""

    def __init__(self, status: int, error: str, reason: str) -> None:
        super().__init__(reason)
        self.answer: Answer = (status, {"error": error, "reason": reason})


def bad_request(reason: str) -> CouchError:
    """400 with the reason."""
    return CouchError(400, "bad_request", reason)


def validated(doc: Any) -> Doc:
    """The document to be stored, without the members that the database ignores. Raises CouchError."""
    if not isinstance(doc, dict):
        raise bad_request("Document must be a JSON object")
    if "_id" in doc:
        check_id(doc["_id"])
    if "_rev" in doc:
        check_revision(doc["_rev"])
    for name in doc:
        if name.startswith("_") and name not in STORED and name not in IGNORED:
            raise CouchError(400, "doc_validation", f"Bad special document member: {name}")
    if not isinstance(doc.get("_deleted", False), bool):
        raise CouchError(400, "doc_validation", "Bad special document member: _deleted")
    if doc.get("_attachments"):
        raise CouchError(501, "not_implemented", "This fake of the database does not store attachments.")
    return {name: value for name, value in doc.items() if name not in IGNORED and name != "_attachments"}


def check_id(doc_id: Any) -> None:
    """Raises CouchError unless `doc_id` is a valid document id."""
    if not isinstance(doc_id, str):
        raise CouchError(400, "illegal_docid", "Document id must be a string")
    if not doc_id:
        raise CouchError(400, "illegal_docid", "Document id must not be empty")
    if doc_id in ("_design/", "_local/"):
        raise CouchError(400, "illegal_docid", f"Illegal document id `{doc_id}`")
    if doc_id.startswith("_") and not doc_id.startswith(("_design/", "_local/")):
        raise CouchError(400, "illegal_docid", "Only reserved document ids may start with underscore.")


def check_revision(value: Any) -> None:
    """Raises CouchError unless `value` is a number, a dash and a digest; one of 32 characters must be hexadecimal."""
    found = REVISION.fullmatch(value) if isinstance(value, str) else None
    if found is None or (len(found["digest"]) == 32 and not HEX.fullmatch(found["digest"])):
        raise bad_request("Invalid rev format")


def requested_revision(request: Request, doc: Doc) -> str | None:
    """The revision in the body, the query or `If-Match`. Raises CouchError if two of them differ."""
    query, etag = request.query.get("rev"), (request.header("If-Match") or "").strip('"')
    query_revision = query if isinstance(query, str) else None
    for revision in (query_revision, etag or None):
        if revision is not None:
            check_revision(revision)
    present: str | None = doc.get("_rev")
    if present is not None and query_revision is not None and query_revision != present:
        raise bad_request("Document rev from request body and query string have different values")
    named = present if present is not None else query_revision
    if named is not None and etag and etag != named:
        raise bad_request("Document rev and etag have different values")
    return named or etag or None


def database_body(request: Request) -> dict[str, Any]:
    """The JSON object of a body that CHT passes to the database unread. Raises CouchError, HttpError(413)."""
    if (request.header("Content-Type") or "").split(";")[0] != "application/json":
        raise CouchError(415, "bad_content_type", "Content-Type must be application/json")
    try:
        value = json.loads(raw_body(request).decode("utf-8"))
    except (ValueError, RecursionError):
        raise bad_request(MALFORMED) from None
    return json_object(value)


def json_object(value: Any) -> dict[str, Any]:
    """The value if it is an object. Raises CouchError."""
    if not isinstance(value, dict):
        raise bad_request("Request body must be a JSON object")
    return value


def answer_type(request: Request) -> str:
    """The content type of the reply: JSON only if `Accept` names it."""
    accepted = re.split("[, ]+", request.header("Accept") or "")
    return "application/json" if "application/json" in accepted else "text/plain; charset=utf-8"


def database_reply(request: Request, value: Any, status: int) -> Reply:
    """A reply of the database that CHT passes on unchanged: its body ends with a newline."""
    body = (js.dumps(value) + "\n").encode()
    headers = (("Content-Type", answer_type(request)), ("WWW-Authenticate", "Cookie"))
    return Reply(status, (*headers, ("Content-Length", str(len(body)))), body)
