"""What each effect looks like to a client, in process and on a real socket: the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.faults import Fault
from fakes.faults.effects import EFFECTS
from tests.fakes.faulty_echo import GOOD_TOKEN, Stage, in_process, on_a_socket

RESULTS = [{"status": "S", "id": 1}, {"status": "S"}]
WELL = {"id": 1, "status": "queued", "bytes": 0, "results": RESULTS}
RESET = ("ConnectionError", "ConnectionResetError")
CLOSED = ("ConnectionError", "RemoteDisconnected")
CUT = ("ChunkedEncodingError", "IncompleteRead")
THROTTLED = {"detail": "Request was throttled. Expected available in 7 seconds."}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign In</title></head><body><h1>Sign In</h1></body></html>\n"
OUT = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"

# effect, options, what the client sees, how often the service acted
CASES: list[tuple[str, dict[str, Any], tuple[Any, ...], int]] = [
    ("pass_through", {}, ("reply", 200, WELL), 1),
    ("refuse", {}, ("reply", 503, b"Service Unavailable"), 0),
    ("refuse", {"status": 418, "body": '{"a": 1}', "content_type": "application/json"}, ("reply", 418, {"a": 1}), 0),
    ("throttle", {"retry_after": 7}, ("reply", 429, THROTTLED), 0),
    ("throttle", {"fill": True}, ("reply", 429, {"detail": "really"}), 0),
    ("reject_token", {}, ("reply", 403, {"detail": "Invalid token"}), 0),
    ("html_page", {}, ("reply", 200, PAGE), 0),
    ("outage", {}, ("reply", 503, OUT), 0),
    ("outage", {"how": "reset"}, RESET, 0),
    ("outage", {"how": "close"}, CLOSED, 0),
    ("delay", {"seconds": 0.01}, ("reply", 200, WELL), 1),
    ("hang", {"seconds": 0.05}, CLOSED, 0),
    ("reset", {}, RESET, 0),
    ("lose_reply", {}, CLOSED, 1),
    ("lose_reply", {"how": "reset"}, RESET, 1),
    ("truncate", {}, CUT, 1),
    ("truncate", {"keep": 0}, CUT, 1),
    ("truncate", {"keep": 1}, CUT, 1),
    ("empty", {}, ("reply", 200, b""), 1),
    ("drop_field", {"path": "status"}, ("reply", 200, {"id": 1, "bytes": 0, "results": RESULTS}), 1),
    ("drop_field", {"path": "results[*].id"}, ("reply", 200, {**WELL, "results": [{"status": "S"}] * 2}), 1),
    ("drop_field", {"path": "results[0]"}, ("reply", 200, {**WELL, "results": [{"status": "S"}]}), 1),
    ("null_field", {"path": "id"}, ("reply", 200, {**WELL, "id": None}), 1),
    ("set_field", {"path": "status", "value": "teleported"}, ("reply", 200, {**WELL, "status": "teleported"}), 1),
    ("set_field", {"path": "results[*]", "value": 0}, ("reply", 200, {**WELL, "results": [0, 0]}), 1),
    ("repeat", {}, ("reply", 200, {**WELL, "id": 2}), 2),
]


@pytest.fixture(params=["in process", "on a socket"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "in process":
        yield in_process()
    else:
        with on_a_socket() as served:
            yield served


def plan(stage: Stage, effect: str, options: dict[str, Any] | None = None, **fields: Any) -> None:
    stage.fakes.plan.add(Fault.parse({"effect": effect, "with": options or {}, **fields}))


@pytest.mark.parametrize(("effect", "options", "seen", "acted"), CASES)
def test_a_client_sees_the_effect(
    stage: Stage, effect: str, options: dict[str, Any], seen: tuple[Any, ...], acted: int
) -> None:
    plan(stage, effect, options)
    headers = {"Authorization": f"Token {GOOD_TOKEN}"}
    assert stage.ask(headers=headers) == seen
    assert stage.echo.acted == acted


@pytest.mark.parametrize(("effect", "options", "seen", "acted"), CASES)
def test_the_ledger_tells_fault_and_outcome(
    effect: str, options: dict[str, Any], seen: tuple[Any, ...], acted: int
) -> None:
    stage = in_process()
    plan(stage, effect, options)
    stage.ask(headers={"Authorization": f"Token {GOOD_TOKEN}"})
    (exchange,) = stage.fakes.ledger.after()
    assert exchange.fault == f"{effect}#1"
    assert exchange.acted == (acted > 0) == (EFFECTS[effect].acts != "never")
    assert (exchange.reply is not None) == (seen[0] == "reply")
    assert exchange.headers["authorization"] == f"Token {GOOD_TOKEN}"


def test_every_effect_has_a_case() -> None:
    assert {effect for effect, *_ in CASES} | {"garble", "stale"} == set(EFFECTS)


@pytest.mark.parametrize("how", ["cut", "noise"])
def test_a_garbled_answer_is_complete_but_no_json(stage: Stage, how: str) -> None:
    plan(stage, "garble", {"how": how})
    kind, status, body = stage.ask()
    assert (kind, status, stage.echo.acted) == ("reply", 200, 1)
    assert isinstance(body, bytes)
    assert body.startswith(b'{"id": 1') == (how == "cut")


def test_a_stale_answer_is_the_first_one_to_an_equal_request(stage: Stage) -> None:
    first = stage.ask("GET", "/api?broadcast=1")
    second = stage.ask("GET", "/api?broadcast=1")
    plan(stage, "stale")
    assert stage.ask("GET", "/api?broadcast=1") == first != second
    assert stage.echo.acted == 2


def test_a_stale_answer_needs_an_equal_request_and_stays_unused_without(stage: Stage) -> None:
    stage.ask("GET", "/api?broadcast=1")
    plan(stage, "stale")
    assert stage.ask("GET", "/api?broadcast=2")[2]["id"] == 2
    assert stage.fakes.plan.unused()
    assert stage.fakes.ledger.after()[-1].fault is None


def test_a_field_that_is_not_there_leaves_the_fault_unused(stage: Stage) -> None:
    plan(stage, "drop_field", {"path": "results[*].text"})
    assert stage.ask() == ("reply", 200, WELL)
    assert stage.fakes.plan.unused()


@pytest.mark.parametrize("effect", ["drop_field", "null_field", "set_field"])
def test_an_error_keeps_its_fields_and_the_fault_stays_unused(stage: Stage, effect: str) -> None:
    plan(stage, effect, {"path": "detail"} | ({"value": "teleported"} if effect == "set_field" else {}))
    refused = stage.ask(headers={"Authorization": "Token another"})
    assert refused == ("reply", 403, {"detail": "Invalid token"})
    assert stage.fakes.plan.unused()
    assert stage.fakes.ledger.after()[-1].fault is None


def test_a_field_fault_that_met_an_error_hits_the_next_success(stage: Stage) -> None:
    plan(stage, "set_field", {"path": "status", "value": "teleported"})
    stage.ask(headers={"Authorization": "Token another"})
    assert stage.ask() == ("reply", 200, {**WELL, "status": "teleported"})
    assert not stage.fakes.plan.unused()


@pytest.mark.parametrize(("effect", "options", "acted"), [("hang", {}, 0), ("lose_reply", {"how": "hang"}, 1)])
def test_a_hang_outlasts_the_client(stage: Stage, effect: str, options: dict[str, Any], acted: int) -> None:
    plan(stage, effect, options)
    assert stage.ask(timeout=0.2)[0] == "ReadTimeout"
    assert stage.echo.acted == acted
