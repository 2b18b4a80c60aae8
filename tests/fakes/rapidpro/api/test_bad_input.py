"""Whatever callers send, the fake RapidPro answers as the real one does, without a traceback and without hanging."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.rapidpro.versions.profiles import PROFILES
from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.recorded_traffic import World, setup

ANN = "tel:+250788123001"
INTAKE = "000000f0-0000-4000-8000-000000000001"
CONTACT = "000000c0-0000-4000-8000-000000000001"
NO_TEXT = "Not a valid string."
SERVER_ERROR = b"Server Error. Site administrators have been notified."
POSTED: dict[str, dict[str, Any]] = {
    "broadcasts": {"urns": [ANN], "text": "Hello", "contacts": [], "groups": [], "base_language": "eng"},
    "messages": {"contact": CONTACT, "text": "Hello", "attachments": []},
    "flow_starts": {
        "flow": INTAKE, "urns": [ANN], "contacts": [], "groups": [], "params": {}, "extra": {},
        "restart_participants": True, "exclude_active": False,
    },
    "contacts": {"name": "Neo", "language": "eng", "urns": [], "groups": [], "fields": {}, "note": "x"},
    "contact_actions": {"contacts": [CONTACT], "action": "block", "group": None},
    "message_actions": {"messages": [5101], "action": "archive", "label": None, "label_name": "x"},
    "groups": {"name": "Guests"},
    "labels": {"name": "Urgent"},
    "fields": {"name": "Age", "type": "number"},
    "globals": {"name": "Org", "value": "x"},
}  # fmt: skip
FIELDS = [(name, field) for name, body in POSTED.items() for field in body]
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, 1e308, "", " ", "\x00", "\ud800", "x" * 10_000, "💉" * 5_000, [], [[]], [None],
    [True], [{}], [1.5], ["\x00"], ["\udfff"], ["x" * 300], {}, {"a": None}, {"eng": None}, {"eng": []}, {"eng": {}},
    {"eng": "\ud800"}, {"\ud800": "a"}, {"\x00": "a"}, {"a" * 300: 1},
)  # fmt: skip


class Caller:
    """Sends requests to one fake RapidPro, as `admin` by default."""

    def __init__(self, profile: str) -> None:
        self.world = World(profile)

    def ask(
        self, method: str, path: str, query: str = "", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        """The answer, after the checks that apply to every answer."""
        given = {"Authorization": f"Token {setup()['tokens']['admin']['key']}", **(headers or {})}
        if body and "Content-Type" not in given:
            given["Content-Type"] = "application/json"
        self.world.rapidpro.throttle.reset()
        reply = call(self.world.rapidpro, build_environ(method, quote(path, safe="/%.?"), query, given, body))
        kind = reply.header("Content-Type") or ""
        if kind == "application/json" and method != "HEAD":
            json.loads(reply.body)
        assert b"Traceback" not in reply.body
        assert reply.status != 500 or reply.body == SERVER_ERROR
        return reply

    def post(self, name: str, value: Any, **more: Any) -> Reply:
        return self.ask("POST", f"/api/v2/{name}.json", body=json.dumps(value).encode(), **more)


@pytest.fixture(scope="module", params=["26", "9.3", "6.4"])
def caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(request.param)


def refused(reply: Reply) -> Any:
    """The JSON of a 400."""
    assert reply.status == 400, (reply.status, reply.body[:300])
    return json.loads(reply.body)


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_value_of_any_kind_in_any_field_is_accepted_or_refused(caller: Caller, name: str, field: str) -> None:
    for value in VALUES:
        reply = caller.post(name, {**POSTED[name], field: value})
        known = (500,) if breaks_the_real_one(name, {**POSTED[name], field: value}) else unstorable(value)
        assert reply.status in (200, 201, 204, 400, 405, *known), (value, reply.body)


def breaks_the_real_one(name: str, body: Mapping[str, Any]) -> bool:
    """Server errors of RapidPro itself: observed at v9.3.76 or read in the source of mailroom."""
    if name == "message_actions":
        return isinstance(body.get("messages"), dict)
    files, named = body.get("attachments"), [body.get("contacts"), body.get("groups")]
    lists = list(files.values()) if isinstance(files, dict) else [files]
    if any(isinstance(one, list) and one and isinstance(one[0], int) for one in lists):
        return True
    return name == "broadcasts" and any(isinstance(one, list) and len(one) > 1 for one in named)  # perhaps the same


def unstorable(value: Any) -> tuple[int, ...]:
    """RapidPro itself fails on values that its database cannot store; old versions fail on more."""
    text = json.dumps(value)
    return (500,) if "\\u0000" in text or "\\ud800" in text or "\\udfff" in text else ()


@pytest.mark.parametrize("name", POSTED)
def test_a_body_that_is_not_an_object_is_refused(caller: Caller, name: str) -> None:
    if name == "messages" and not caller.world.rapidpro.profile.posts_messages:
        assert caller.post(name, {}).status == 405  # not there yet
        return
    for body in (b"[]", b"null", b"5", b'"x"', b"true"):
        errors = refused(caller.ask("POST", f"/api/v2/{name}.json", body=body))
        assert errors == {"non_field_errors": ["Request body should be a single JSON object"]}
    for body in (b"{", b'{"a":}', b"{'a': 1}", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": 1} x', b"9" * 5_000):
        assert refused(caller.ask("POST", f"/api/v2/{name}.json", body=body))["detail"].startswith(
            "JSON parse error - "
        )


def test_new_versions_refuse_numbers_that_json_does_not_define() -> None:
    body = b'{"urns": ["tel:+250788123001"], "text": NaN}'
    errors = refused(Caller("26").ask("POST", "/api/v2/broadcasts.json", body=body))
    assert errors == {"detail": "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"}


@pytest.mark.parametrize("depth", [100, 400, 900, 5_000, 100_000])
def test_deep_nesting_is_answered(caller: Caller, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    for body in (
        b'{"urns":' + nested + b',"text":"x"}',
        b'{"urns":["tel:+250788123001"],"text":{"eng":' + nested + b"}}",
    ):
        assert caller.ask("POST", "/api/v2/broadcasts.json", body=body).status in (400, 500)
    body = b'{"flow":"' + INTAKE.encode() + b'","urns":["tel:+250788123001"],"params":{"a":' + nested + b"}}"
    assert caller.ask("POST", "/api/v2/flow_starts.json", body=body).status in (201, 500)


def test_a_hundred_urns_are_accepted_and_one_more_is_refused(caller: Caller) -> None:
    hundred = [f"tel:+2507881{number:05}" for number in range(100)]
    made = caller.post("broadcasts", {"urns": hundred, "text": "x"})
    assert made.status == 201
    assert json.loads(made.body)["urns"] == hundred
    errors = refused(caller.post("broadcasts", {"urns": [*hundred, ANN], "text": "x"}))
    old = caller.world.rapidpro.profile.serializer == "old"
    assert errors == {
        "urns": ["This field can only contain up to 100 items." if old else
                 "Ensure this field has no more than 100 elements."]
    }  # fmt: skip


def test_bodies_of_ten_megabytes_are_answered_soon(caller: Caller) -> None:
    size = 10 * 2**20
    for body, statuses in (
        ({"urns": [ANN], "text": "x" * size}, {400}),
        ({"urns": ["tel:1"] * (size // 8), "text": "x"}, {400}),
        ({"urns": [f"tel:+1{'2' * size}"], "text": "x"}, {400}),
        ({"contacts": ["x" * size], "text": "x"}, {400}),
        ({"urns": [ANN], "text": "x", "unknown": "x" * size}, {201}),
    ):
        began = time.monotonic()
        assert caller.post("broadcasts", body).status in statuses
        assert time.monotonic() - began < 20
    assert caller.post("broadcasts", {"text": "x" * (17 * 2**20)}).status == 413


def test_a_compressed_body_is_not_read_as_json(caller: Caller) -> None:
    body = gzip.compress(json.dumps(POSTED["broadcasts"]).encode())
    errors = refused(caller.ask("POST", "/api/v2/broadcasts.json", body=body, headers={"Content-Encoding": "gzip"}))
    assert errors["detail"].startswith("JSON parse error - 'utf-8' codec can't decode byte 0x8b")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json5", ";", "x" * 5_000, "\xe9"])
def test_another_kind_of_body_is_refused(caller: Caller, kind: str) -> None:
    reply = caller.ask("POST", "/api/v2/broadcasts.json", body=b"{}", headers={"Content-Type": kind})
    assert (reply.status, json.loads(reply.body)) == (
        415, {"detail": f'Unsupported media type "{kind}" in request.'},
    )  # fmt: skip


@pytest.mark.parametrize("body", [b"%", b"a=%zz&=&&&", b"urns=\xff", b"--x", b"x" * 100_000])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "multipart/form-data"])  # fmt: skip
def test_a_broken_form_is_refused(caller: Caller, body: bytes, kind: str) -> None:
    refused(caller.ask("POST", "/api/v2/broadcasts.json", body=body, headers={"Content-Type": kind}))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "CONNECT", "FOO", "get", "X" * 1_000])
def test_an_unusual_method_is_not_allowed(caller: Caller, method: str) -> None:
    reply = caller.ask(method, "/api/v2/broadcasts.json")
    assert (reply.status, json.loads(reply.body)) == (405, {"detail": f'Method "{method}" not allowed.'})


@pytest.mark.parametrize(
    "path", ["/", "//", "/api/v2/%00.json", "/api/v2/../v2/broadcasts.json", "/api/v2/é.json",
             "/api/v2/broadcasts.json%20", "/api/v2/broadcasts.json//", "/API/V2/broadcasts.json", "/" + "a" * 20_000],
)  # fmt: skip
def test_an_unknown_path_is_not_found(caller: Caller, path: str) -> None:
    assert caller.ask("GET", path).status == 404


@pytest.mark.parametrize("query", ["%", "%zz=%", "&&&==", "=", "id=%00", "id=%ff", "uuid=%ed%a0%80", "a" * 50_000,
                                   "&".join(f"a{number}=1" for number in range(900))])  # fmt: skip
@pytest.mark.parametrize("name", ["broadcasts", "messages", "contacts", "flow_starts", "runs", "flows", "groups"])
def test_a_broken_query_string_is_answered(caller: Caller, name: str, query: str) -> None:
    assert caller.ask("GET", f"/api/v2/{name}.json", query).status in (200, 400)


@pytest.mark.parametrize("value", ["abc", "1.0", "0x1", "9" * 5_000, "1e5", "--1", "é"])
def test_an_id_that_is_not_a_number_is_refused(caller: Caller, value: str) -> None:
    errors = refused(caller.ask("GET", "/api/v2/broadcasts.json", f"id={quote(value)}"))
    assert errors == {"detail": "Value for id must be an integer"}


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("value", ["", "x", "202410", "2024-13-01", "2024-02-30", "0000-01-01",
                                   "10000-01-01", "2024-10-01T25:00",
                                   "2024-10-01T08:00:00+02:00"])  # fmt: skip
def test_an_invalid_time_gives_an_empty_list(caller: Caller, name: str, value: str) -> None:
    reply = caller.ask("GET", "/api/v2/messages.json", f"{name}={value}")
    assert reply.status == 200
    assert (json.loads(reply.body)["results"] == []) is (value != "")


def cursor(text: str) -> str:
    return quote(base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())


@pytest.mark.parametrize("given", ["zzz", "é", "%ff", "a" * 20_001, cursor("o=x"), cursor("o=-1"), cursor("é"),
                                   cursor("r=x")])  # fmt: skip
def test_an_invalid_cursor_is_not_found(caller: Caller, given: str) -> None:
    reply = caller.ask("GET", "/api/v2/messages.json", f"cursor={given}")
    assert (reply.status, json.loads(reply.body)) == (404, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("text", ["", "hello", "o=0", "o=999999999999", "r=1", "r=1&o=5", "p=2024-10-01",
                                  "p=0001-01-01",
                                  "p=9999-12-31+23%3A59%3A59%2B00%3A00", "p=9999-12-31&r=1", "p=0001-01-01&r=1",
                                  "p=2024-10-01+08%3A00%3A00%2B14%3A00&o=1"])  # fmt: skip
def test_a_cursor_to_anywhere_is_a_page(caller: Caller, text: str) -> None:
    assert caller.ask("GET", "/api/v2/messages.json", f"cursor={cursor(text)}").status == 200


def test_a_cursor_with_an_invalid_time_causes_a_server_error_as_in_the_real_rapidpro(caller: Caller) -> None:
    assert caller.ask("GET", "/api/v2/messages.json", f"cursor={cursor('p=soon')}").status == 500


@pytest.mark.parametrize(
    "headers",
    [{"Accept": ""}, {"Accept": "a/b/c;;;q=x, */*"}, {"Accept": "application/json;indent=" + "9" * 6_000},
     {"Accept": "application/json;indent=0"}, {"Accept": "*/*;q=0.1" * 500}, {"Host": ""}, {"Host": "a" * 5_000},
     {"X-Forwarded-Proto": "gopher"}, {"Accept-Language": "\xff"}, {"Cookie": "sessionid=x" * 1_000}],
    ids=str,
)  # fmt: skip
def test_odd_headers_do_no_harm(caller: Caller, headers: dict[str, str]) -> None:
    assert caller.ask("GET", "/api/v2/messages.json", headers=headers).status in (200, 406)


@pytest.mark.parametrize("header", ["Token", "Token  ", "Token a b", "Basic", "Basic é", "Basic =", "Basic YTpi YQ",
                                    "Digest x",
                                    "\xff\xfe", "Token \xff", "Token " + "a" * 50_000, "Basic " + "YTpi" * 20_000,
                                    "Token é", "Token\tx\ty"])  # fmt: skip
def test_an_invalid_authorization_is_forbidden(caller: Caller, header: str) -> None:
    reply = caller.ask("GET", "/api/v2/messages.json", headers={"Authorization": header})
    assert reply.status == 403
    assert list(json.loads(reply.body)) == ["detail"]
    assert reply.header("WWW-Authenticate") is None


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([ANN, CONTACT]),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("eng"), one, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_object_breaks_an_endpoint(caller: Caller, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(POSTED)))
    fields = data.draw(st.lists(st.sampled_from(sorted(POSTED[name])), unique=True))
    body = {**POSTED[name], **{field: data.draw(ANY) for field in fields}}
    reply = caller.ask("POST", f"/api/v2/{name}.json", body=json.dumps(body).encode())
    assert reply.status in (200, 201, 204, 400, 405) or has_unstorable(body) or breaks_the_real_one(name, body)


def has_unstorable(given: Any) -> bool:
    """Whether the value contains NUL, which the database refuses."""
    return "\\u0000" in json.dumps(given)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["broadcasts", "messages", "contacts", "flow_starts", "runs", "channels"]),
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["id", "uuid", "broadcast", "contact", "folder", "label", "urn", "group", "flow", "cursor",
                             "before", "after", "deleted", "responded"]),
            st.text(max_size=12) | st.sampled_from(["1001", CONTACT, ANN, "sent", "2024-10-01", "cj0x"]),
        ), max_size=4,
    ),
)  # fmt: skip
def test_no_query_breaks_a_list(caller: Caller, name: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{key}={quote(value)}" for key, value in pairs)
    reply = caller.ask("GET", f"/api/v2/{name}.json", query)
    broken = has_unstorable(pairs) or any(key == "broadcast" for key, _ in pairs)
    assert reply.status in (200, 400, 404) or (broken and reply.status == 500)


@pytest.mark.parametrize("profile", PROFILES)
def test_refused_requests_change_nothing(profile: str) -> None:
    caller = Caller(profile)
    store = caller.world.rapidpro.store
    before = len(store.broadcast_by_id), len(store.contacts), len(store.starts), dict(store.next_ids)
    for value in ({"urns": ["x"]}, {"text": "x"}, {"urns": [ANN], "text": ""}, {"groups": ["?"], "text": "x"}):
        if profile in ("6.4", "7.4", "8.0") and value.get("text") == "":
            continue  # taken by these
        refused(caller.post("broadcasts", value))
    refused(caller.post("flow_starts", {"flow": "x"}))
    refused(caller.post("contacts", {"urns": ["x"]}))
    assert before == (len(store.broadcast_by_id), len(store.contacts), len(store.starts), dict(store.next_ids))
