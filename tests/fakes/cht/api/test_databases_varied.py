"""Requests for documents that are not quite right.

Held against CHT's `api/src/routing.js` (which bodies it parses, what it passes on) and CouchDB's `chttpd_db.erl` and
`couch_doc.erl` (what it refuses, in which words).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.client import client

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


def error(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["error"], answer.json()["reason"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "POST body must include `docs` parameter."),
        ({"docs": None}, "`docs` parameter must be an array."),
        ({"docs": {}}, "`docs` parameter must be an array."),
        ([], "Request body must be a JSON object"),
        ({"docs": [{"_id": "ok"}, None]}, "Document must be a JSON object"),
        ({"docs": [{"_id": "ok"}, {"_rev": 1}]}, "Invalid rev format"),
        ({"docs": [{"_id": "ok"}], "new_edits": "no"}, "`new_edits` parameter must be a boolean."),
        (
            {"docs": [{"_id": "ok"}], "new_edits": False},
            "When `new_edits: false`, the document needs `_rev` or `_revisions` specified",
        ),
    ],
)
def test_a_bulk_of_another_shape_is_refused_as_a_whole(body: object, reason: str) -> None:
    cht = client()
    assert error(cht.post("/medic/_bulk_docs", json=body)) == (400, "bad_request", reason)
    assert cht.get("/medic/ok").status_code == 404


@pytest.mark.parametrize(
    ("doc_id", "reason"),
    [
        (7, "Document id must be a string"),
        (None, "Document id must be a string"),
        ("", "Document id must not be empty"),
        ("_x", "Only reserved document ids may start with underscore."),
        ("_local/", "Illegal document id `_local/`"),
    ],
)
def test_an_invalid_id_is_rejected(doc_id: object, reason: str) -> None:
    for path, body in (("/medic/_bulk_docs", {"docs": [{"_id": doc_id}]}), ("/medic/", {"_id": doc_id})):
        assert error(client().post(path, json=body)) == (400, "illegal_docid", reason)


@pytest.mark.parametrize("revision", ["first", "-", "x-1", 1, None, "1-" + "g" * 32])
def test_a_revision_of_another_form_is_refused_everywhere(revision: object) -> None:
    cht = client({"docs": [{"_id": "a"}]})
    refused = (400, "bad_request", "Invalid rev format")
    assert error(cht.put("/medic/a", json={"_rev": revision})) == refused
    if isinstance(revision, str):
        assert error(cht.get(f"/medic/a?rev={revision}")) == refused
        assert error(cht.put(f"/medic/a?rev={revision}", json={})) == refused
        assert error(cht.delete(f"/medic/a?rev={revision}")) == refused


def test_two_different_revisions_in_one_request_are_refused() -> None:
    cht = client({"docs": [{"_id": "a"}]})
    revision = cht.get("/medic/a").json()["_rev"]
    words = "Document rev from request body and query string have different values"
    assert error(cht.put("/medic/a?rev=1-b", json={"_rev": revision})) == (400, "bad_request", words)
    answer = cht.put("/medic/a", json={"_rev": revision}, headers={"If-Match": '"1-b"'})
    assert error(answer) == (400, "bad_request", "Document rev and etag have different values")
    assert cht.put(f"/medic/a?rev={revision}", json={}, headers={"If-Match": f'"{revision}"'}).status_code == 201


@pytest.mark.parametrize("member", ["_foo", "_form", "_deleted"])
def test_a_reserved_member_is_rejected(member: str) -> None:
    answer = client().put("/medic/a", json={member: 1})
    assert error(answer) == (400, "doc_validation", f"Bad special document member: {member}")


def test_members_that_the_database_returns_are_not_stored() -> None:
    cht = client()
    about = {"_revs_info": [], "_local_seq": 3, "_conflicts": [], "_attachments": {}}
    assert cht.put("/medic/a", json={"n": 1, **about}).status_code == 201
    assert set(cht.get("/medic/a").json()) == {"_id", "_rev", "n"}


def test_attachments_are_refused_and_none_is_ever_there() -> None:
    cht = client({"docs": [{"_id": "a"}]})
    put = cht.put("/medic/a/photo.png", data=b"x", headers={"Content-Type": "image/png"})
    assert (put.status_code, put.json()["error"]) == (501, "not_implemented")
    inline = {"_attachments": {"x": {"content_type": "text/plain", "data": "eA=="}}}
    assert cht.put("/medic/b", json=inline).status_code == 501
    assert error(cht.get("/medic/a/photo.png")) == (404, "not_found", "Document is missing attachment")
    assert error(cht.get("/medic/z/photo.png")) == (404, "not_found", "missing")
    assert cht.get("/medic/b").status_code == 404


def test_a_put_that_deletes_is_answered_200() -> None:
    cht = client({"docs": [{"_id": "a"}]})
    revision = cht.get("/medic/a").json()["_rev"]
    assert cht.put("/medic/a", json={"_rev": revision, "_deleted": True}).status_code == 200
    assert cht.get("/medic/a").json()["reason"] == "deleted"


def test_what_is_written_without_the_json_type_is_an_empty_document() -> None:
    """The parser leaves an empty object, and that is what CHT passes on."""
    cht = client()
    assert cht.put("/medic/a", data='{"n": 1}', headers=TEXT).status_code == 201
    assert set(cht.get("/medic/a").json()) == {"_id", "_rev"}
    answer = cht.post("/medic/_bulk_docs", data='{"docs": []}', headers=TEXT)
    assert error(answer) == (400, "bad_request", "POST body must include `docs` parameter.")


@pytest.mark.parametrize("path", ["/medic/_all_docs", "/medic/_find"])
def test_what_is_asked_with_a_body_needs_the_json_type(path: str) -> None:
    words = "Content-Type must be application/json"
    for headers in (TEXT, {"Content-Type": None}):
        answer = client().post(path, data='{"keys": []}', headers=headers)
        assert error(answer) == (415, "bad_content_type", words)
    assert error(client().post(path, data="{", headers=JSON)) == (400, "bad_request", "invalid UTF-8 JSON")
    assert error(client().post(path, json=[])) == (400, "bad_request", "Request body must be a JSON object")


def test_keys_in_the_body_of_a_list_must_be_a_list() -> None:
    answer = client().post("/medic/_all_docs", json={"keys": "a"})
    assert error(answer) == (400, "bad_request", "`keys` body member must be an array.")


def test_a_list_by_keys_reports_invalid_ids_as_not_found() -> None:
    rows = client({"docs": [{"_id": "a"}]}).post("/medic/_all_docs", json={"keys": [5, None, "a"]}).json()["rows"]
    assert rows[:2] == [{"key": 5, "error": "not_found"}, {"key": None, "error": "not_found"}]
    assert rows[2]["id"] == "a"


def test_replicated_documents_keep_their_own_revision() -> None:
    cht = client({"docs": [{"_id": "a"}]})

    def replicate(doc: dict[str, Any]) -> None:
        answer = cht.post("/medic/_bulk_docs", json={"docs": [doc], "new_edits": False})
        assert (answer.status_code, answer.json()) == (201, [])

    replicate({"_id": "a", "_rev": "3-c", "n": 3})
    replicate({"_id": "a", "_rev": "2-b", "n": 2})
    assert cht.get("/medic/a").json() == {"_id": "a", "_rev": "3-c", "n": 3}
    replicate({"_id": "a", "_rev": "4-d", "_deleted": True})
    assert cht.get("/medic/a").json()["n"] == 3, "a document that lives wins over one that was deleted"
    replicate({"_id": "b", "_rev": "1-b"})
    assert cht.put("/medic/b", json={"_rev": "1-b"}).json()["rev"].startswith("2-")


def test_deleting_with_a_malformed_body_is_no_error() -> None:
    """Only bodies of PUT and POST are parsed."""
    cht = client({"docs": [{"_id": "a"}]})
    revision = cht.get("/medic/a").json()["_rev"]
    assert cht.call("DELETE", f"/medic/a?rev={revision}", data="{", headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("DELETE", "_all_docs", "GET,HEAD,POST"), ("GET", "_bulk_docs", "POST")]
)
def test_a_wrong_method_gets_the_list_of_allowed_ones(method: str, path: str, allowed: str) -> None:
    answer = client().call(method, f"/medic/{path}")
    assert error(answer) == (405, "method_not_allowed", f"Only {allowed} allowed")
