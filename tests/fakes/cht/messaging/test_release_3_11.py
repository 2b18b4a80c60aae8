"""Release 3.11 of CHT's own gateway where it differs from today's (seen on that release; there are no recordings)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.messaging.gateway import (
    JSON,
    Sending,
    accepted,
    document,
    message_state,
    pending,
    refused,
    sending,
    taken,
    under_way,
)
from tests.scripted_server import Answers


def old(answers: Answers, docs: list[dict[str, Any]]) -> Sending:
    return sending(answers, docs, release="3.11")


def test_it_names_no_user_agent_and_asks_for_json() -> None:
    made = old(taken(), pending(1))
    made.run("send")
    made.run("poll")
    broadcast, question = made.script.asked
    assert broadcast["headers"] == {"authorization": "Token outgoing-token", "accept": JSON, "content-type": JSON}
    assert question["headers"] == {"authorization": "Token outgoing-token", "accept": JSON}
    assert broadcast["body"] == '{"urns":["tel:+13125550102"],"text":"text u-000"}'


@pytest.mark.parametrize(
    "body", ['{"id": 1, "status": "pending"}', '{"id": 1, "status": "initializing"}', '{"id": 1}', '{"status": null}']
)
def test_a_broadcast_taken_with_an_unknown_status_is_sent_again_by_every_pass(body: str) -> None:
    made = old(lambda _number, _request: {"status": 201, "content_type": JSON, "body": body}, pending(1))
    made.clock.advance(180)
    assert (len(made.texts), made.states()) == (3, ["pending"])


def test_a_page_with_status_200_is_no_answer() -> None:
    made = old(lambda _number, _request: {"status": 200, "content_type": "text/html", "body": "<html/>"}, pending(1))
    made.clock.advance(120)
    assert (len(made.texts), made.states()) == (2, ["pending"])


def test_an_empty_status_takes_the_state_away() -> None:
    answer = {"status": 201, "content_type": JSON, "body": '{"id": 7, "status": ""}'}
    made = old(lambda _number, _request: answer, pending(1))
    made.run("send")
    task = made.task()
    assert "state" not in task
    assert task["gateway_ref"] == 7
    assert list(task["state_history"][-1]) == ["timestamp"]


def test_a_400_is_tried_for_ever() -> None:
    made = old(lambda _number, _request: refused(400), pending(1))
    made.clock.advance(180)
    assert (len(made.texts), made.states()) == (3, ["pending"])


@pytest.mark.parametrize("status", ["read", "pending", "handled"])
def test_an_unknown_status_of_a_message_makes_an_endless_loop(status: str) -> None:
    made = old(lambda number, _: refused(429) if number == 100 else message_state(status), under_way(1))
    assert len(made.run("poll")) == 101
    assert made.task()["state"] == "received-by-gateway"


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects_of_a_broadcast_are_not_followed(status: int) -> None:
    answer = {"status": status, "content_type": None, "headers": {"Location": "/login"}}
    made = old(lambda _number, _request: answer, pending(1))
    made.run("send")
    assert (len(made.script.asked), made.states()) == (1, ["pending"])


@pytest.mark.parametrize(("host", "token"), [("http://rapidpro.test", True), ("http://elsewhere.test", False)])
def test_redirects_of_a_question_are_followed_and_another_host_gets_no_token(host: str, token: bool) -> None:
    def answer(number: int, _request: Any) -> Any:
        to = {"status": 302, "content_type": None, "headers": {"Location": f"{host}/moved"}}
        return message_state("delivered") if number else to

    made = old(answer, under_way(1))
    made.run("poll")
    assert made.states() == ["delivered"]
    assert ("authorization" in made.script.asked[1]["headers"]) is token


def test_json_is_read_whatever_the_content_type_says() -> None:
    made = old(lambda number, _: {**accepted(number), "content_type": "text/plain"}, pending(1))
    made.run("send")
    assert made.task()["gateway_ref"] == 1000


def test_what_is_the_same_as_today() -> None:
    """One request a message, 25 a pass, 60 s, no guard of sending passes, 429 ends polling, endless loop on 500."""
    made = old(taken(delay=2.5), pending(26))
    made.clock.advance(60 + 59)
    assert len(made.texts) == 24
    made.clock.advance(2.5)
    assert made.texts[24:] == ["text u-024", "text u-000"]
    assert len(old(lambda _number, _request: refused(429), under_way(3)).run("poll")) == 1
    assert len(old(lambda _number, _request: refused(500), under_way(1)).run("poll")) == 500
    for status, state in (("wired", "forwarded-by-gateway"), ("resent", "sent"), ("errored", "received-by-gateway")):
        made = old(lambda _number, _request, word=status: message_state(word), [document(0, "sent", gateway_ref=1)])  # type: ignore[misc]
        made.run("poll")
        assert made.states() == [state]
