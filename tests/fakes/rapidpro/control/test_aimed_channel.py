"""Aimed trouble and short codes as a client of RapidPro's API and of the control API sees them."""

import json
from typing import Any

from fakes.serving.wsgi import build_environ, call
from tests.fakes.rapidpro.control.test_tokens_and_rates import ANN, ControlledRapidPro


def sent(service: ControlledRapidPro, text: str) -> Any:
    """The message of a broadcast to Ann, as listed an hour later."""
    created = service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": text})
    service.clock.advance(3600)
    (message,) = service.rows(f"messages.json?broadcast={json.loads(created.body)['id']}")
    return message


def test_a_message_refused_inside_a_200_is_failed_and_the_next_one_is_not() -> None:
    service = ControlledRapidPro()
    rules = [{"match": {"to": ANN.removeprefix("tel:"), "nth": 1}, "trouble": "refused"}]
    status, shown = service.control_call("PUT", "/channel", {"aggregator": "africastalking", "aimed": rules})
    assert (status, shown["aimed"]) == (200, rules)
    assert [sent(service, text)["status"] for text in ("one", "two")] == ["failed", "delivered"]


def test_a_reset_restores_the_channel() -> None:
    service = ControlledRapidPro()
    before = service.control_call("GET", "/channel")
    rules = [{"match": {"segment": 2}, "trouble": "failed"}]
    changes = {"aggregator": "android", "sync_every": 5, "segment_reports": True, "aimed": rules}
    assert service.control_call("PUT", "/channel", changes)[0] == 200
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    assert call(service.control, build_environ("POST", "/reset", "", headers, b"{}")).status == 200
    assert service.control_call("GET", "/channel") == before
    assert sent(service, "a" * 400)["status"] == "delivered"


def test_a_text_from_a_short_code_is_listed_under_its_urn() -> None:
    service = ControlledRapidPro()
    assert service.control_call("POST", "/phones/60396/texts", {"text": "TEMP 38.5"})[0] == 200
    service.clock.advance(60)
    assert service.rows("messages.json?folder=inbox")[0]["urn"] == "tel:60396"
    (contact,) = service.rows("contacts.json?urn=tel:60396")
    assert contact["urns"] == ["tel:60396"]
