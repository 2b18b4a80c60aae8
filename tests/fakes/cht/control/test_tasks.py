"""Tasks, what is handed out next, and messages by hand: what the control API shows and does is what CHT's API does."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock, format_moment
from fakes.control.app import control_app
from fakes.serving.wsgi import Reply, build_environ, call

ANN, BEN = "+250788123001", "+250788123002"
GATEWAY = ("gateway", "gateway-pass")


class Workbench:
    """A fake CHT, its control API, and a gateway phone that fetches texts."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.fakes: Fakes = assemble_services(("cht",), self.clock)
        self.control = control_app(self.fakes)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        reply = self.raw(method, path, body)
        return reply.status, json.loads(reply.body)

    def raw(self, method: str, path: str, body: Any = None) -> Reply:
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
        return call(self.control, build_environ(method, path, query, headers, raw))

    def get(self, path: str) -> Any:
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def write(self, number: str, text: str, due: str | None = None) -> Any:
        status, answer = self.ask("POST", "/cht/messages", {"number": number, "text": text, "due": due})
        assert status == 201, answer
        return answer

    def in_days(self, days: float) -> str:
        return format_moment(self.clock.now() + timedelta(days=days))

    def api(self, method: str, path: str, body: Any, account: tuple[str, str] = ("admin", "pass")) -> Any:
        return self._call(method, path, body, "Basic " + base64.b64encode(":".join(account).encode()).decode())

    def incoming(self, text: Any, key: str) -> Any:
        """RapidPro's webhook calls."""
        return self._call("POST", "/api/v2/sms/rapidpro/incoming-messages", text, f"Token {key}")

    def _call(self, method: str, path: str, body: Any, authorization: str) -> Any:
        path, _, query = path.partition("?")
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": authorization, "Content-Type": "application/json", "Accept": "application/json",
            "Content-Length": str(len(raw)),
        }  # fmt: skip
        reply = call(self.fakes.apps["cht"], build_environ(method, path, query, headers, raw))
        return json.loads(reply.body)

    def fetch(self, **posted: Any) -> list[dict[str, Any]]:
        """What a gateway phone gets from CHT's own API."""
        return list(self.api("POST", "/api/sms", posted, GATEWAY)["messages"])

    def documents(self, query: str = "") -> list[dict[str, Any]]:
        return list(self.get(f"/cht/tasks{query}")["documents"])


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def test_a_message_by_hand_is_handed_to_the_next_gateway_and_its_states_are_shown(bench: Workbench) -> None:
    written = bench.write(ANN, "Visit due")
    assert (written["task"]["state"], written["task"]["to"], written["task"]["due"]) == ("pending", ANN, None)
    (got,) = bench.fetch()
    assert (got["to"], got["content"], got["id"]) == (ANN, "Visit due", written["task"]["message"])
    bench.clock.advance(5)
    bench.fetch(updates=[{"id": got["id"], "status": "FAILED", "reason": "no credit"}])
    (document,) = bench.documents()
    assert (document["id"], document["kind"]) == (written["document"], "message")
    (task,) = document["tasks"]
    assert (task["id"], task["state"]) == (written["task"]["id"], "failed")
    assert [one["state"] for one in task["history"]] == ["pending", "forwarded-to-gateway", "failed"]
    assert task["history"][-1] == {
        "state": "failed", "at": format_moment(bench.clock.now()), "details": {"reason": "no credit"},
    }  # fmt: skip


def test_the_document_is_stored_as_one_that_an_app_writes_over_the_api(bench: Workbench) -> None:
    written = bench.write(ANN, "Visit due")
    stored = bench.api("GET", f"/medic/{written['document']}", None)
    assert (stored["type"], stored["kujua_message"], stored["form"]) == ("data_record", True, None)


def test_what_is_handed_out_next_is_what_the_next_gateway_gets_and_looking_changes_nothing(bench: Workbench) -> None:
    for number in range(30):
        bench.write(ANN, f"Visit {number}")
        bench.clock.advance(1)
    shown = bench.get("/cht/next")
    before = bench.documents()
    assert bench.get("/cht/next") == shown
    assert bench.documents() == before
    assert (shown["service"], len(shown["texts"])) == ("medic-gateway", 25)
    assert bench.fetch() == shown["texts"]


@pytest.mark.parametrize("service", ["rapidpro", "africas-talking", "nobody", None])
def test_what_is_next_is_of_the_service_that_the_settings_name(bench: Workbench, service: Any) -> None:
    bench.write(ANN, "Visit due")
    bench.ask("PUT", "/cht/settings", {"sms": {"outgoing_service": service}})
    shown = bench.get("/cht/next")
    known = service in ("rapidpro", "africas-talking")
    assert (shown["service"], len(shown["texts"])) == (service if known else None, 1 if known else 0)
    assert bench.fetch() == []


def test_a_message_for_a_time_is_a_reminder_that_waits_until_then(bench: Workbench) -> None:
    written = bench.write(ANN, "Visit due", bench.in_days(2))
    assert (written["task"]["state"], written["task"]["due"]) == ("scheduled", bench.in_days(2))
    bench.clock.advance(86_400)
    assert bench.fetch() == []
    bench.clock.advance(86_400 + 300)
    assert [one["content"] for one in bench.fetch()] == ["Visit due"]


def test_a_reminder_is_made_due_and_the_next_gateway_gets_it(bench: Workbench) -> None:
    first, second = (bench.write(number, "Visit due", bench.in_days(9)) for number in (ANN, BEN))
    status, answer = bench.ask("POST", f"/cht/tasks/{first['task']['id']}/due", {})
    assert (status, answer["document"], answer["waits"]) == (200, first["document"], None)
    assert (answer["task"]["state"], answer["task"]["due"]) == ("pending", format_moment(bench.clock.now()))
    assert [one["to"] for one in bench.fetch()] == [ANN]
    states = {one["id"]: one["tasks"][0]["state"] for one in bench.documents()}
    assert states[second["document"]] == "scheduled"


def test_outside_the_hours_of_the_settings_a_due_reminder_waits_and_the_answer_says_so(bench: Workbench) -> None:
    hour = bench.clock.now().hour
    bench.ask("PUT", "/cht/settings", {"schedule_morning_hours": hour + 1, "schedule_evening_hours": hour + 2})
    written = bench.write(ANN, "Visit due", bench.in_days(9))
    _, answer = bench.ask("POST", f"/cht/tasks/{written['task']['id']}/due")
    assert answer["task"]["state"] == "scheduled"
    assert "schedule_morning_hours" in answer["waits"]
    bench.clock.advance(3600)
    assert [one["to"] for one in bench.fetch()] == [ANN]


def test_a_reminder_without_a_text_stays_and_the_answer_says_so(bench: Workbench) -> None:
    written = bench.write(ANN, "Visit due", bench.in_days(9))
    doc = bench.api("GET", f"/medic/{written['document']}", None)
    doc["scheduled_tasks"][0]["messages"][0]["message"] = ""
    bench.api("PUT", f"/medic/{written['document']}", doc)
    _, answer = bench.ask("POST", f"/cht/tasks/{written['task']['id']}/due")
    assert (answer["task"]["state"], "no text" in answer["waits"]) == ("scheduled", True)


def test_only_a_scheduled_task_can_be_made_due(bench: Workbench) -> None:
    written = bench.write(ANN, "Visit due")
    status, answer = bench.ask("POST", f"/cht/tasks/{written['task']['id']}/due")
    assert (status, "pending" in answer["error"]) == (409, True)
    for unknown in ("nothing", f"{written['document']}:7", f"{written['document']}:scheduled-0", ":"):
        assert bench.ask("POST", f"/cht/tasks/{unknown}/due")[0] == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": "x"}, "number: expected"),
        ({"number": " ", "text": "x"}, "number: expected"),
        ({"number": ANN}, "text: expected"),
        ({"number": ANN, "text": "\n"}, "text: expected"),
        ({"number": ANN, "text": "x", "due": "tomorrow"}, "due: expected an ISO 8601 time"),
        ({"number": ANN, "text": "x", "due": "9999-12-31T23:59:59-05:00"}, "due: expected an ISO 8601 time"),
        ({"number": 250788, "text": "x"}, "number must be str"),
        ({"number": ANN, "text": "x", "when": None}, "unknown field 'when'"),
        ([], "expected an object"),
    ],
)
def test_a_message_that_is_none_is_refused_and_nothing_is_stored(bench: Workbench, body: Any, words: str) -> None:
    status, answer = bench.ask("POST", "/cht/messages", body)
    assert status == 400
    assert words in answer["error"]
    assert bench.documents() == []


def test_documents_say_where_they_come_from(bench: Workbench) -> None:
    bench.fetch(
        messages=[{"id": "1", "from": ANN, "content": "TEMP 38.5"}, {"id": "2", "from": BEN, "content": "hello"}]
    )
    docs = bench.get("/cht/docs")["docs"]
    for doc in docs:
        stored = bench.api("GET", f"/medic/{doc['_id']}", None)
        reply = {"messages": [{"to": doc["from"], "message": "Thank you", "uuid": doc["_id"]}], "state": "pending"}
        bench.api("PUT", f"/medic/{doc['_id']}", {**stored, "tasks": [reply]})
    shown = {one["kind"]: one["about"] for one in bench.documents()}
    assert shown == {"report": f"report TEMP from {ANN}: TEMP 38.5", "text": f"text from {BEN}: hello"}


def test_only_what_has_changed_since_is_read_again_and_deleted_documents_are_named(bench: Workbench) -> None:
    first, second, third = (bench.write(ANN, f"Visit {number}") for number in range(3))
    whole = bench.get("/cht/tasks")
    assert [one["id"] for one in whole["documents"]] == [one["document"] for one in (first, second, third)]
    assert bench.get(f"/cht/tasks?after={whole['last']}") == {"documents": [], "gone": [], "last": whole["last"]}
    bench.fetch(updates=[{"id": first["task"]["message"], "status": "SENT"}])
    bench.clock.advance(1)
    revision = bench.api("GET", f"/medic/{second['document']}", None)["_rev"]
    bench.api("PUT", f"/medic/{second['document']}", {"_id": second["document"], "_rev": revision, "_deleted": True})
    changed = bench.get(f"/cht/tasks?after={whole['last']}")
    assert {one["id"] for one in changed["documents"]} == {first["document"], third["document"]}
    assert changed["gone"] == [second["document"]]


TASK_KEYS = (
    "messages", "state", "due", "to", "uuid", "message", "state_history", "timestamp", "state_details", "recipient",
    "message_key",
)  # fmt: skip
DOCUMENT_KEYS = (
    "tasks", "scheduled_tasks", "type", "form", "from", "sms_message", "name", "reported_date", "kujua_message",
    "contact_type",
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
ODD = st.recursive(
    SCALARS,
    lambda one: st.lists(one, max_size=2) | st.dictionaries(st.sampled_from(TASK_KEYS), one, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(DOCUMENT_KEYS), ODD | st.lists(ODD, max_size=3)))
def test_a_document_of_any_shape_is_shown(fields: dict[str, Any]) -> None:
    bench = Workbench()
    bench.api("PUT", "/medic/odd", {"_id": "odd", **fields})
    shown = bench.documents()
    for task in (task for one in shown for task in one["tasks"]):
        assert bench.ask("POST", f"/cht/tasks/{task['id']}/due")[0] in (200, 409)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9), st.integers(1, 4))
def test_pieces_make_up_the_whole(count: int, size: int) -> None:
    bench = Workbench()
    for number in range(count):
        bench.write(ANN, f"Visit {number}")
    pieces, after, more = [], 0, True
    while more:
        piece = bench.get(f"/cht/tasks?after={after}&limit={size}")
        assert len(piece["documents"]) <= size
        pieces += piece["documents"]
        after, more = piece["last"], piece["last"] > after
    assert pieces == bench.documents()
