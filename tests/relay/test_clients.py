"""The two clients: what each response proves, and which entries of a response are used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests

from relay import cht
from relay.http_client import parse_date
from relay.models import CallError, Message, TextRefused
from relay.rapidpro import RapidProClient
from tests.relay.neighbours import AMINA, http, reply, settings

BROADCAST = {"id": 7, "uuid": "u-7", "urns": [f"tel:{AMINA}"], "text": {"eng": "Visit due"}, "created_on": None}
SUSPENDED = "Sorry, your workspace is currently suspended. To enable sending messages, please contact support."
FLAGGED = "Sorry, your workspace is currently flagged. To enable sending messages, please contact support."


class Session:
    """Returns the same response to every request."""

    def __init__(self, status: int, body: Any) -> None:
        self.response = reply(status, body)

    def request(self, *_: Any, **__: Any) -> requests.Response:
        return self.response


def send(status: int, body: Any) -> Any:
    return RapidProClient(settings(), http(Session(status, body))).send(AMINA, "Visit due")


def exchange(status: int, body: Any) -> list[Message]:
    return cht.exchange(settings(), http(Session(status, body)))


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("names", [["id"], ["uuid"], ["id", "uuid"], list(BROADCAST)], ids="+".join)
def test_the_id_or_uuid_of_a_broadcast_proves_that_the_text_was_accepted(status: int, names: list[str]) -> None:
    record = send(status, {**{name: BROADCAST[name] for name in names}, "other": 1})
    assert record.broadcast_id == ("7" if "id" in names else None)
    assert record.ref == ("u-7" if "uuid" in names else None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (201, {"detail": "Accepted"}),
        *((201, {name: BROADCAST[name]}) for name in BROADCAST if name not in {"id", "uuid"}),
        (201, "<html>"),
        (203, BROADCAST),
        (400, {}),
        (400, "<html>"),
        (404, {"detail": "Not found."}),
        (405, {"detail": "Method not allowed."}),
        (500, BROADCAST),
        (503, {"text": ["busy"]}),
    ],
)
def test_any_other_response_leaves_the_outcome_unknown(status: int, body: Any) -> None:
    with pytest.raises(CallError) as caught:
        send(status, body)
    assert (caught.value.outcome_unknown, caught.value.needs_admin) == (True, False)
    assert caught.value.cause == f"answered {status}, outcome unknown"


@pytest.mark.parametrize("error", [SUSPENDED, FLAGGED])
def test_a_suspended_workspace_did_not_send_the_text_and_may_send_it_later(error: str) -> None:
    with pytest.raises(CallError) as caught:
        send(400, {"non_field_errors": [error]})
    assert (caught.value.outcome_unknown, caught.value.needs_admin) == (False, True)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (
            {"text": {"eng": ["Ensure this field has no more than 8 characters."]}},
            "The text is too long for SMS: 9 characters, at most 8.",
        ),
        ({"urns": {"0": ["Invalid URN"]}}, "The phone number is not valid: check it, with its country code."),
        ({"text": ["This field may not be blank."]}, "RapidPro refused the text: This field may not be blank."),
        ({"non_field_errors": ["Must specify one."]}, "RapidPro refused the text: Must specify one."),
        ({"detail": {"deep": [["why"], 5]}}, "RapidPro refused the text: why"),
        ({"detail": 5}, "RapidPro refused the text: it gave no reason"),
    ],
)
def test_errors_become_a_reason_to_act_on(errors: Any, reason: str) -> None:
    with pytest.raises(TextRefused) as caught:
        send(400, errors)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("status", "outcome_unknown"), [(400, False), (404, False), (500, False), (501, True), (502, True), (503, True)]
)
def test_an_error_of_cht_itself_means_not_done_and_one_of_a_proxy_leaves_it_unknown(
    status: int, outcome_unknown: bool
) -> None:
    with pytest.raises(CallError) as caught:
        exchange(status, {"messages": []})
    assert (caught.value.outcome_unknown, caught.value.cause) == (outcome_unknown, f"answered {status}")


@pytest.mark.parametrize("body", ["<html>Starting</html>", {}, {"messages": None}, {"messages": {"id": "a"}}, [1]])
def test_a_response_without_a_list_is_not_a_success(body: Any) -> None:
    with pytest.raises(CallError) as caught:
        exchange(200, body)
    assert caught.value.outcome_unknown


def test_invalid_entries_are_skipped() -> None:
    valid = {"id": "a", "to": AMINA, "content": "Visit due"}
    values: list[Any] = [None, "", 0, [], {}, [1], 1.5]
    invalid: list[Any] = [None, 5, "a", [], *({**valid, name: value} for name in valid for value in values)]
    assert exchange(200, {"messages": [*invalid, valid]}) == [Message("a", AMINA, "Visit due")]


def test_numbers_become_strings() -> None:
    assert exchange(200, {"messages": [{"id": 5, "to": 250788, "content": 12}]}) == [Message("5", "250788", "12")]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-05-28T20:26:40.500Z", 1_780_000_000.5),
        ("2026-05-28T22:26:40+02:00", 1_780_000_000.0),
        ("2026-05-28T20:26:40", None),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_times_need_a_time_zone(value: Any, seconds: float | None) -> None:
    assert parse_date(value, datetime.fromisoformat) == seconds
