"""The relay's two clients by themselves: which answers prove what, and which entries of answers are taken."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from relay.cht import Cht
from relay.messages import Message, Refused, Trouble
from relay.rapidpro import RapidPro
from tests.relay.neighbours import AMINA, reply, settings

SHOWN = {"id": 7, "uuid": "u-7", "urns": [f"tel:{AMINA}"], "text": {"eng": "Visit due"}, "created_on": None}
SUSPENDED = "Sorry, your workspace is currently suspended. To enable sending messages, please contact support."
FLAGGED = "Sorry, your workspace is currently flagged. To enable sending messages, please contact support."


class Session:
    """Gives one answer to whoever asks."""

    def __init__(self, status: int, body: Any) -> None:
        self.answer = reply(status, body)

    def request(self, *_: Any, **__: Any) -> requests.Response:
        return self.answer


def send(status: int, body: Any) -> Any:
    return RapidPro(settings(), Session(status, body), lambda: 0.0).send(AMINA, "Visit due")


def exchange(status: int, body: Any) -> list[Message]:
    return Cht(settings(), Session(status, body), lambda: 0.0).exchange()


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("shown", [*({key: SHOWN[key]} for key in SHOWN), SHOWN], ids=lambda row: "+".join(row))
def test_whatever_shows_a_broadcast_proves_that_it_was_taken(status: int, shown: dict[str, Any]) -> None:
    record = send(status, {**shown, "else": 1})
    assert record.broadcast == ("7" if "id" in shown else None)
    assert record.ref == ("u-7" if "uuid" in shown else None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (201, {"detail": "Accepted"}),
        (201, "<html>"),
        (203, SHOWN),
        (400, {}),
        (400, "<html>"),
        (404, {"detail": "Not found."}),
        (405, {"detail": "Method not allowed."}),
        (500, SHOWN),
        (503, {"text": ["busy"]}),
    ],
)
def test_every_other_answer_proves_nothing(status: int, body: Any) -> None:
    with pytest.raises(Trouble) as caught:
        send(status, body)
    assert (caught.value.happened, caught.value.slow) == (None, False)
    assert caught.value.cause == f"answered {status}, which tells nothing"


@pytest.mark.parametrize("words", [SUSPENDED, FLAGGED])
def test_a_suspended_workspace_took_nothing_and_may_take_it_later(words: str) -> None:
    with pytest.raises(Trouble) as caught:
        send(400, {"non_field_errors": [words]})
    assert (caught.value.happened, caught.value.slow) == (False, True)


@pytest.mark.parametrize(
    ("complaint", "reason"),
    [
        (
            {"text": {"eng": ["Ensure this field has no more than 8 characters."]}},
            "The text is too long for SMS: 9 characters, at most 8.",
        ),
        ({"urns": {"0": ["Invalid URN"]}}, "The phone number is not valid: check it, with its country code."),
        ({"text": ["This field may not be blank."]}, "The text is empty."),
        ({"non_field_errors": ["Must specify one."]}, "RapidPro refused the text: Must specify one."),
        ({"detail": {"deep": [["why"], 5]}}, "RapidPro refused the text: why"),
        ({"detail": 5}, "RapidPro refused the text: it does not say why"),
    ],
)
def test_a_complaint_becomes_a_reason_to_act_on(complaint: Any, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        send(400, complaint)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("status", "happened"), [(400, False), (404, False), (500, False), (501, None), (502, None), (503, None)]
)
def test_cht_itself_is_done_with_what_it_refuses_and_a_server_before_it_may_have_given_up(
    status: int, happened: bool | None
) -> None:
    with pytest.raises(Trouble) as caught:
        exchange(status, {"messages": []})
    assert (caught.value.happened, caught.value.cause) == (happened, f"answered {status}")


@pytest.mark.parametrize("body", ["<html>Starting</html>", {}, {"messages": None}, {"messages": {"id": "a"}}, [1]])
def test_an_answer_without_a_list_is_no_success(body: Any) -> None:
    with pytest.raises(Trouble) as caught:
        exchange(200, body)
    assert caught.value.happened is None


def test_entries_that_cannot_be_sent_are_passed_over() -> None:
    good = {"id": "a", "to": AMINA, "content": "Visit due"}
    nothing: list[Any] = [None, "", 0, [], {}, [1], 1.5]
    odd: list[Any] = [None, 5, "a", [], *({**good, name: value} for name in good for value in nothing)]
    assert exchange(200, {"messages": [*odd, good]}) == [Message("a", AMINA, "Visit due")]


def test_numbers_are_taken_as_text() -> None:
    assert exchange(200, {"messages": [{"id": 5, "to": 250788, "content": 12}]}) == [Message("5", "250788", "12")]
