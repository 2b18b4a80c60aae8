"""Aimed trouble and short codes as a client of RapidPro's API and of the control API sees them."""

import json
from typing import Any

from fakes.serving.wsgi import build_environ, call
from tests.fakes.rapidpro.control.test_tokens_and_rates import ANN, Desk


def sent(desk: Desk, text: str) -> Any:
    """The message of a broadcast to Ann, as listed an hour later."""
    created = desk.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": text})
    desk.clock.advance(3600)
    (message,) = desk.rows(f"messages.json?broadcast={json.loads(created.body)['id']}")
    return message


def test_a_message_refused_inside_a_200_is_failed_and_the_next_one_is_not() -> None:
    desk = Desk()
    rules = [{"match": {"to": ANN.removeprefix("tel:"), "nth": 1}, "trouble": "refused"}]
    status, shown = desk.tell("PUT", "/channel", {"aggregator": "africastalking", "aimed": rules})
    assert (status, shown["aimed"]) == (200, rules)
    assert [sent(desk, text)["status"] for text in ("one", "two")] == ["failed", "delivered"]


def test_a_reset_restores_the_channel() -> None:
    desk = Desk()
    before = desk.tell("GET", "/channel")
    rules = [{"match": {"segment": 2}, "trouble": "failed"}]
    changes = {"aggregator": "android", "sync_every": 5, "segment_reports": True, "aimed": rules}
    assert desk.tell("PUT", "/channel", changes)[0] == 200
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    assert call(desk.control, build_environ("POST", "/reset", "", headers, b"{}")).status == 200
    assert desk.tell("GET", "/channel") == before
    assert sent(desk, "a" * 400)["status"] == "delivered"


def test_a_text_from_a_short_code_is_listed_under_its_urn() -> None:
    desk = Desk()
    assert desk.tell("POST", "/phones/60396/texts", {"text": "TEMP 38.5"})[0] == 200
    desk.clock.advance(60)
    assert desk.rows("messages.json?folder=inbox")[0]["urn"] == "tel:60396"
    (contact,) = desk.rows("contacts.json?urn=tel:60396")
    assert contact["urns"] == ["tel:60396"]
