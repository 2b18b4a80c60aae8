"""The database behind the fake CHT: documents with revisions, in bulk, by list and by query."""

from __future__ import annotations

import pytest

from tests.fakes.cht.client import GATEWAY, client

NURSE = {"type": "person", "name": "Amina"}


def test_a_document_that_is_put_can_be_read_with_its_revision() -> None:
    cht = client()
    put = cht.put("/medic/amina", json=NURSE)
    assert put.status_code == 201
    assert put.json()["ok"] is True
    assert put.json()["rev"].startswith("1-")
    assert cht.get("/medic/amina").json() == {"_id": "amina", "_rev": put.json()["rev"], **NURSE}


def test_a_change_needs_the_current_revision_and_creates_the_next() -> None:
    cht = client()
    first = cht.put("/medic/amina", json=NURSE).json()["rev"]
    second = cht.put("/medic/amina", json={**NURSE, "_rev": first, "role": "nurse"}).json()["rev"]
    assert second.startswith("2-")
    for stale in ({}, {"_rev": first}):
        answer = cht.put("/medic/amina", json={**NURSE, **stale})
        assert answer.status_code == 409
        assert answer.json() == {"error": "conflict", "reason": "Document update conflict."}
    assert cht.get("/medic/amina").json()["role"] == "nurse"


def test_a_new_document_with_a_revision_is_a_conflict() -> None:
    assert client().put("/medic/amina", json={**NURSE, "_rev": "1-abc"}).status_code == 409


def test_a_revision_of_another_shape_is_refused() -> None:
    assert client().put("/medic/amina", json={**NURSE, "_rev": "first"}).status_code == 400


def test_a_deleted_document_is_gone_and_its_id_may_be_used_again() -> None:
    cht = client()
    revision = cht.put("/medic/amina", json=NURSE).json()["rev"]
    assert cht.delete("/medic/amina").status_code == 409
    assert cht.delete(f"/medic/amina?rev={revision}").json()["ok"] is True
    missing = cht.get("/medic/amina")
    assert (missing.status_code, missing.json()) == (404, {"error": "not_found", "reason": "deleted"})
    assert cht.delete(f"/medic/amina?rev={revision}").status_code == 404
    assert cht.put("/medic/amina", json=NURSE).json()["rev"].startswith("3-")


def test_an_unknown_document_is_missing() -> None:
    answer = client().get("/medic/nobody")
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found", "reason": "missing"})


def test_the_id_in_the_path_counts_not_that_in_the_body() -> None:
    """CouchDB `chttpd_db.erl`, couch_doc_from_req."""
    cht = client()
    assert cht.put("/medic/amina", json={"_id": "beatrice"}).json()["id"] == "amina"
    assert cht.get("/medic/beatrice").status_code == 404


def test_a_posted_document_gets_an_id_of_32_hex_digits() -> None:
    cht = client()
    doc_id = cht.post("/medic", json=NURSE).json()["id"]
    assert len(doc_id) == 32
    assert int(doc_id, 16) >= 0
    assert cht.get(f"/medic/{doc_id}").json()["name"] == "Amina"


def test_bulk_documents_are_answered_one_by_one() -> None:
    cht = client()
    revision = cht.put("/medic/amina", json=NURSE).json()["rev"]
    docs = [{"_id": "amina", **NURSE}, {"_id": "beatrice"}, {"_id": "amina", "_rev": revision, "_deleted": True}]
    answer = cht.post("/medic/_bulk_docs", json={"docs": docs})
    assert answer.status_code == 201
    first, second, third = answer.json()
    assert first == {"id": "amina", "error": "conflict", "reason": "Document update conflict."}
    assert second["ok"] is True
    assert third["rev"].startswith("2-")
    assert cht.get("/medic/amina").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"docs": 5}, {"docs": [5]}, [], {"docs": [{"_id": 7}]}, {"docs": [{"_id": "_x"}]}]
)
def test_bulk_documents_of_another_shape_are_refused(body: object) -> None:
    assert client().post("/medic/_bulk_docs", json=body).status_code == 400


def test_all_documents_are_listed_in_order_of_id() -> None:
    cht = client({"docs": [{"_id": name} for name in ("b", "a", "B", "c")]})
    listed = cht.get("/medic/_all_docs").json()
    assert (listed["total_rows"], listed["offset"]) == (4, 0)
    assert [row["id"] for row in listed["rows"]] == ["B", "a", "b", "c"]
    assert all(set(row) == {"id", "key", "value"} for row in listed["rows"])


def test_a_list_can_be_cut_to_a_range() -> None:
    cht = client({"docs": [{"_id": name} for name in "abcdef"]})

    def ids(query: str) -> str:
        return "".join(row["id"] for row in cht.get(f"/medic/_all_docs?{query}").json()["rows"])

    assert ids('startkey="b"&endkey="d"') == "bcd"
    assert ids('startkey="b"&endkey="d"&inclusive_end=false') == "bc"
    assert ids('startkey="d"&endkey="b"&descending=true') == "dcb"
    assert ids("limit=2&skip=1") == "bc"
    assert ids('key="c"') == "c"
    assert ids('key="z"') == ""


def test_a_list_by_keys_has_a_row_for_each_key() -> None:
    cht = client({"docs": [{"_id": "a", "n": 1}]})
    gone = cht.put("/medic/b", json={}).json()["rev"]
    deleted_revision = cht.delete(f"/medic/b?rev={gone}").json()["rev"]
    rows = cht.post("/medic/_all_docs?include_docs=true", json={"keys": ["b", "a", "z"]}).json()["rows"]
    assert rows[0] == {"id": "b", "key": "b", "value": {"rev": deleted_revision, "deleted": True}, "doc": None}
    assert rows[1]["doc"]["n"] == 1
    assert rows[2] == {"key": "z", "error": "not_found"}
    assert cht.get('/medic/_all_docs?keys=["a"]').json()["rows"][0]["id"] == "a"


@pytest.mark.parametrize(
    ("query", "error", "reason"),
    [
        ("limit=x", "query_parse_error", 'Invalid value for integer: "x"'),
        ("skip=-1", "query_parse_error", 'Invalid value for positive integer: "-1"'),
        ("include_docs=yes", "query_parse_error", 'Invalid boolean parameter: "yes"'),
        ("startkey=5", "query_parse_error", "`startkey` must be a string"),
        ("startkey=b", "bad_request", "invalid UTF-8 JSON"),
        ("keys=5", "bad_request", "`keys` parameter must be an array."),
    ],
)
def test_a_list_with_a_parameter_of_another_kind_is_refused(query: str, error: str, reason: str) -> None:
    """CouchDB `couch_mrview_http.erl`, parse_param."""
    answer = client().get(f"/medic/_all_docs?{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": error, "reason": reason})


REPORTS = [
    {"_id": "r1", "form": "TEMP", "fields": {"temp": 37}, "tags": ["a", "b"]},
    {"_id": "r2", "form": "TEMP", "fields": {"temp": 40}},
    {"_id": "r3", "form": "VISIT", "fields": {}, "tags": []},
]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"form": "TEMP"}, "r1 r2"),
        ({"fields.temp": {"$gt": 37}}, "r2"),
        ({"fields": {"temp": {"$gte": 37, "$lt": 40}}}, "r1"),
        ({"fields.temp": {"$exists": False}}, "r3"),
        ({"$or": [{"form": "VISIT"}, {"fields.temp": 37}]}, "r1 r3"),
        ({"$not": {"form": "TEMP"}}, "r3"),
        ({"form": {"$in": ["VISIT", "X"]}}, "r3"),
        ({"form": {"$ne": "TEMP"}}, "r3"),
        ({"form": {"$regex": "^T"}}, "r1 r2"),
        ({"tags": {"$elemMatch": {"$eq": "b"}}}, "r1"),
        ({"tags": {"$size": 0}}, "r3"),
        ({"tags": {"$type": "array"}}, "r1 r3"),
        ({"fields.temp": {"$mod": [10, 0]}}, "r2"),
        ({"tags.1": "b"}, "r1"),
        ({"fields.temp": True}, ""),
        ({}, "r1 r2 r3"),
    ],
)
def test_documents_are_found_by_selector(selector: dict[str, object], found: str) -> None:
    docs = client({"docs": REPORTS}).post("/medic/_find", json={"selector": selector}).json()["docs"]
    assert " ".join(doc["_id"] for doc in docs) == found


def test_found_documents_are_sorted_cut_and_counted() -> None:
    query = {
        "selector": {"form": "TEMP"},
        "sort": [{"fields.temp": "desc"}],
        "fields": ["_id", "fields.temp"],
        "limit": 1,
    }
    docs = client({"docs": REPORTS}).post("/medic/_find", json=query).json()["docs"]
    assert docs == [{"_id": "r2", "fields": {"temp": 40}}]


@pytest.mark.parametrize(
    "query", [{}, {"selector": 1}, {"selector": {"a": {"$like": 1}}}, {"selector": {}, "limit": -1}]
)
def test_an_invalid_query_is_rejected(query: dict[str, object]) -> None:
    assert client({"docs": REPORTS}).post("/medic/_find", json=query).status_code == 400


def test_a_selector_with_a_broken_expression_is_refused() -> None:
    query = {"selector": {"form": {"$regex": "("}}}
    assert client({"docs": REPORTS}).post("/medic/_find", json=query).status_code == 400


def test_another_database_does_not_exist() -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        answer = client().call(method, "/other/doc", json={})
        assert (answer.status_code, answer.json()["reason"]) == (404, "Database does not exist.")


def test_replies_of_the_database_are_text_unless_json_is_requested() -> None:
    cht = client()
    assert cht.get("/medic/x", headers={"Accept": "*/*"}).headers["Content-Type"] == "text/plain; charset=utf-8"
    asked = cht.get("/medic/x", headers={"Accept": "application/json"})
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.text.endswith("}\n")
    written = cht.put("/medic/x", json={}, headers={"Accept": "application/json"})
    assert written.headers["Content-Type"] == "application/json; charset=utf-8"
    assert written.text.endswith("}")
    assert cht.put("/medic/y", json={}).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_documents_are_closed_to_anonymous_and_gateway_users() -> None:
    cht = client(user=None)
    assert cht.get("/medic/x", headers={"Accept": "application/json"}).status_code == 401
    cht.user = GATEWAY
    answer = cht.get("/medic/x")
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


def test_writing_needs_the_permission_to_edit() -> None:
    users = {"eve": {"password": "eve-pass", "roles": ["mm-online", "watcher"]}}
    cht = client({"users": users}, user=("eve", "eve-pass"))
    assert cht.get("/medic/_all_docs").status_code == 200
    assert cht.put("/medic/x", json={}).status_code == 403


def test_a_malformed_document_is_an_error_of_the_server_even_for_strangers() -> None:
    cht = client(user=None)
    answer = cht.put("/medic/x", data="{", headers={"Content-Type": "application/json", "Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (500, {"code": 500, "error": "Server error"})


def test_a_stored_document_is_not_changed_through_its_copies() -> None:
    cht = client()
    doc = {"_id": "a", "list": [1]}
    cht.cht.state.save(doc)
    doc["list"] = [2]
    got = cht.cht.state.get("a")
    assert got is not None
    got["list"].append(3)
    assert cht.get("/medic/a").json()["list"] == [1]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PATCH", "", 405), ("PUT", "_find", 405), ("GET", "_changes", 501)]
)
def test_unsupported_features_of_the_database_are_reported(method: str, path: str, status: int) -> None:
    assert client().call(method, f"/medic/{path}", json={}).status_code == status
