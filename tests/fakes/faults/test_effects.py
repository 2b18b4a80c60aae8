"""What each effect looks like to a client, in process and on a real socket: the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.faults import Fault
from fakes.faults.effects import EFFECTS
from fakes.ledger import Keeping
from tests.fakes.echo_service import GOOD_TOKEN, EchoSetup, in_process, on_a_socket

RESULTS = [{"status": "S", "id": 1}, {"status": "S"}]
WELL = {"id": 1, "status": "queued", "bytes": 0, "results": RESULTS}
RESET = ("ConnectionError", "ConnectionResetError")
CLOSED = ("ConnectionError", "RemoteDisconnected")
CUT = ("ChunkedEncodingError", "IncompleteRead")
THROTTLED = {"detail": "Request was throttled. Expected available in 7 seconds."}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign In</title></head><body><h1>Sign In</h1></body></html>\n"
LATE = b"<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n".replace(
    b"{0}", b"504 Gateway Timeout"
)
OUT = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"

# effect, options, what the client sees, how often the service acted
CASES: list[tuple[str, dict[str, Any], tuple[Any, ...], int]] = [
    ("pass_through", {}, ("reply", 200, WELL), 1),
    ("refuse", {}, ("reply", 503, b"Service Unavailable"), 0),
    ("refuse", {"status": 418, "body": '{"a": 1}', "content_type": "application/json"}, ("reply", 418, {"a": 1}), 0),
    ("redirect", {}, ("reply", 503, b"There is nothing here"), 0),
    ("redirect", {"to": "the same origin", "status": 308}, ("reply", 200, WELL), 1),
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
    ("replace_reply", {}, ("reply", 504, LATE), 1),
    (
        "replace_reply",
        {"status": 500, "body": '{"a": 1}', "content_type": "application/json"},
        ("reply", 500, {"a": 1}),
        1,
    ),
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
    ("drip", {"seconds": 0.05}, ("reply", 200, WELL), 1),
    ("set_cookies", {}, ("reply", 200, WELL), 1),
    ("clock_skew", {}, ("reply", 200, WELL), 1),
    ("repeat", {}, ("reply", 200, {**WELL, "id": 2}), 2),
]


@pytest.fixture(params=["in process", "on a socket"])
def setup(request: pytest.FixtureRequest) -> Iterator[EchoSetup]:
    if request.param == "in process":
        yield in_process()
    else:
        with on_a_socket() as served:
            yield served


def plan(setup: EchoSetup, effect: str, options: dict[str, Any] | None = None, **fields: Any) -> None:
    setup.fakes.plan.add(Fault.parse({"effect": effect, "with": options or {}, **fields}))


@pytest.mark.parametrize(("effect", "options", "seen", "acted"), CASES)
def test_a_client_sees_the_effect(
    setup: EchoSetup, effect: str, options: dict[str, Any], seen: tuple[Any, ...], acted: int
) -> None:
    plan(setup, effect, options)
    headers = {"Authorization": f"Token {GOOD_TOKEN}"}
    assert setup.ask(headers=headers) == seen
    assert setup.echo.acted == acted


@pytest.mark.parametrize(("effect", "options", "seen", "acted"), CASES)
def test_the_ledger_records_fault_and_outcome(
    effect: str, options: dict[str, Any], seen: tuple[Any, ...], acted: int
) -> None:
    setup = in_process()
    plan(setup, effect, options)
    setup.ask(headers={"Authorization": f"Token {GOOD_TOKEN}"})
    exchange, *followed = setup.fakes.ledger.after()
    assert bool(followed) == (effect == "redirect")
    assert exchange.fault == f"{effect}#1"
    assert exchange.acted == (acted > 0 and not followed) == (EFFECTS[effect].acts != "never")
    assert (exchange.reply is not None) == (seen[0] == "reply")
    assert exchange.headers["authorization"] == f"Token {GOOD_TOKEN}"


def test_every_effect_has_a_case() -> None:
    assert {effect for effect, *_ in CASES} | {"garble", "stale", "act_late", "endless_pages"} == set(EFFECTS)


@pytest.mark.parametrize("how", ["cut", "noise"])
def test_a_garbled_answer_is_complete_but_not_json(setup: EchoSetup, how: str) -> None:
    plan(setup, "garble", {"how": how})
    kind, status, body = setup.ask()
    assert (kind, status, setup.echo.acted) == ("reply", 200, 1)
    assert isinstance(body, bytes)
    assert body.startswith(b'{"id": 1') == (how == "cut")


def test_a_stale_answer_is_the_first_one_to_an_equal_request(setup: EchoSetup) -> None:
    first = setup.ask("GET", "/api?broadcast=1")
    second = setup.ask("GET", "/api?broadcast=1")
    plan(setup, "stale")
    assert setup.ask("GET", "/api?broadcast=1") == first != second
    assert setup.echo.acted == 2


def test_a_stale_answer_is_found_in_the_file_of_the_ledger_too_and_by_the_hash_of_a_long_request() -> None:
    setup = in_process(Keeping(memory=1, batch=1, body=2000))
    first = setup.ask("POST", data=b"a" * 3000)
    for _ in range(9):
        setup.ask("POST", data=b"b" * 3000)
    plan(setup, "stale")
    assert setup.ask("POST", data=b"a" * 3000) == first
    setup.fakes.ledger.close()


def test_an_answer_of_which_only_the_head_is_kept_is_not_repeated() -> None:
    setup = in_process(Keeping(body=20))
    setup.ask()
    plan(setup, "stale")
    assert setup.ask()[2]["id"] == 2
    assert setup.fakes.plan.unused()


def test_a_stale_fault_without_an_equal_request_stays_unused(setup: EchoSetup) -> None:
    setup.ask("GET", "/api?broadcast=1")
    plan(setup, "stale")
    assert setup.ask("GET", "/api?broadcast=2")[2]["id"] == 2
    assert setup.fakes.plan.unused()
    assert setup.fakes.ledger.after()[-1].fault is None


def test_a_field_that_is_not_there_leaves_the_fault_unused(setup: EchoSetup) -> None:
    plan(setup, "drop_field", {"path": "results[*].text"})
    assert setup.ask() == ("reply", 200, WELL)
    assert setup.fakes.plan.unused()


@pytest.mark.parametrize("effect", ["drop_field", "null_field", "set_field"])
def test_an_error_keeps_its_fields_and_the_fault_stays_unused(setup: EchoSetup, effect: str) -> None:
    plan(setup, effect, {"path": "detail"} | ({"value": "teleported"} if effect == "set_field" else {}))
    refused = setup.ask(headers={"Authorization": "Token another"})
    assert refused == ("reply", 403, {"detail": "Invalid token"})
    assert setup.fakes.plan.unused()
    assert setup.fakes.ledger.after()[-1].fault is None


def test_a_field_fault_that_met_an_error_hits_the_next_success(setup: EchoSetup) -> None:
    plan(setup, "set_field", {"path": "status", "value": "teleported"})
    setup.ask(headers={"Authorization": "Token another"})
    assert setup.ask() == ("reply", 200, {**WELL, "status": "teleported"})
    assert not setup.fakes.plan.unused()


@pytest.mark.parametrize(("effect", "options", "acted"), [("hang", {}, 0), ("lose_reply", {"how": "hang"}, 1)])
def test_a_hang_outlasts_the_client(setup: EchoSetup, effect: str, options: dict[str, Any], acted: int) -> None:
    plan(setup, effect, options)
    assert setup.ask(timeout=0.2)[0] == "ReadTimeout"
    assert setup.echo.acted == acted


def test_what_is_sent_to_another_origin_is_in_the_ledger_as_sent_elsewhere(setup: EchoSetup) -> None:
    plan(setup, "redirect", {"status": 308})
    headers = {"Authorization": f"Token {GOOD_TOKEN}", "X-Token": GOOD_TOKEN}
    assert setup.ask(headers=headers) == ("reply", 503, b"There is nothing here")
    redirected, sent = setup.fakes.ledger.after()
    assert redirected.reply is not None
    assert str(redirected.reply.header("Location")).endswith(f"/elsewhere{redirected.path}")
    assert (sent.service, sent.method, sent.path) == ("elsewhere", redirected.method, f"/elsewhere{redirected.path}")
    assert "authorization" not in sent.headers, "requests does not take it along"
    assert sent.headers["x-token"] == GOOD_TOKEN
