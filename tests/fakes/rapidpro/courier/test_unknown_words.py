"""Which words of an aggregator courier knows in which version, on every way that a report can come."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from fakes.rapidpro.courier.aggregators import AGGREGATORS, report_payload
from fakes.rapidpro.versions.habits import HABITS
from fakes.serving.wsgi import build_environ, call
from tests.fakes.rapidpro.control.test_tokens_and_rates import ANN, ControlledRapidPro

REFUSING = ("6.4",)


def wired(profile: str, aggregator: str) -> tuple[ControlledRapidPro, dict[str, Any]]:
    """A message that the aggregator accepted and did not report."""
    service = ControlledRapidPro(profile)
    service.control_call("PUT", "/channel", {"aggregator": aggregator, "shares": {"no_report": 1}})
    assert service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": "Expires"}).status == 201
    service.clock.advance(60)
    return service, row(service, "Expires")


def row(service: ControlledRapidPro, text: str) -> dict[str, Any]:
    (found,) = [one for one in service.control_call("GET", "/messages")[1]["messages"] if one["text"] == text]
    return dict(found)


def posted(service: ControlledRapidPro, kind: str, word: str, message: dict[str, Any]) -> int:
    """The status that courier answers to the aggregator's own call."""
    aggregator = next(one for one in AGGREGATORS.values() if one.channel_type.lower() == kind)
    form = report_payload(aggregator, word, message["external_id"], message["number"], "2024-10-01T08:00:00Z")
    headers = {"Host": "127.0.0.1", "Content-Type": "application/x-www-form-urlencoded"}
    path = f"/rapidpro/c/{kind}/any/status"
    return call(service.control, build_environ("POST", path, "", headers, urlencode(form).encode())).status


@pytest.mark.parametrize("profile", HABITS)
def test_expired_is_refused_by_6_4_and_fails_the_message_later(profile: str) -> None:
    service, message = wired(profile, "africastalking")
    refused = profile in REFUSING
    assert posted(service, "at", "Expired", message) == (400 if refused else 200)
    assert row(service, "Expires")["status"] == ("wired" if refused else "failed")


@pytest.mark.parametrize("profile", HABITS)
def test_the_control_api_says_whether_the_word_was_taken(profile: str) -> None:
    service, message = wired(profile, "africastalking")
    status, told = service.control_call("POST", "/channel/reports", {"message": message["id"], "status": "Expired"})
    refused = profile in REFUSING
    assert (status, told["taken"], told["status"]) == (200, not refused, "wired" if refused else "failed")


@pytest.mark.parametrize("profile", HABITS)
@pytest.mark.parametrize("word", ["Submitted", "AbsentSubscriber", "constructor", "expired", ""])
def test_a_word_that_no_version_knows_is_always_refused(profile: str, word: str) -> None:
    service, message = wired(profile, "africastalking")
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    body = json.dumps({"id": message["external_id"], "status": word}).encode()
    reply = call(service.control, build_environ("POST", "/rapidpro/c/at/any/status", "", headers, body))
    assert (reply.status, row(service, "Expires")["status"]) == (400, "wired")


@pytest.mark.parametrize("profile", HABITS)
def test_a_read_report_is_taken_only_where_the_status_exists(profile: str) -> None:
    service, message = wired(profile, "plain")
    accepted = HABITS[profile].accepts_read_reports
    assert posted(service, "ex", "read", message) == (200 if accepted else 400)
    assert row(service, "Expires")["status"] == ("read" if accepted else "wired")
