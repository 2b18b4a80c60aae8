"""Which texts somebody else in the workspace sent: by the tokens, statuses, words and numbers of requests."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.history.causes import sent_by_others
from conformance.history.model import Call, History

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YUSUF, AMINA = "+250788200002", "+250788200001"


def to_rapidpro(**changes: Any) -> Call:
    """A broadcast by somebody else in the workspace."""
    body = json.dumps({"urns": [f"tel:{YUSUF}"], "text": {"eng": "surprise"}})
    dashboard = {"authorization": "Token [hidden:rapidpro:dashboard]"}
    usual = Call(1, NOON, "rapidpro", "in", "POST", "/api/v2/broadcasts.json", 201, dashboard, body=body)
    return replace(usual, **changes)


@pytest.mark.parametrize(
    ("changes", "by_others"),
    [
        ({}, True),
        ({"service": "cht"}, False),
        ({"direction": "out"}, False),
        ({"method": "GET"}, False),
        ({"headers": {}}, False),
        ({"headers": {"authorization": "Token [hidden:rapidpro:relay]"}}, False),
        ({"headers": {"authorization": "Token [hidden:rapidpro:relay, before 1]"}}, False),
        ({"headers": {"authorization": "Basic [hidden:cht:password of gateway]"}}, False),
        ({"headers": {"authorization": "Token unknown"}}, False),
        ({"status": 200}, True),
        ({"status": 299}, True),
        ({"status": 300}, False),
        ({"status": 403}, False),
        ({"status": None}, False),
    ],
)
def test_somebody_else_sends_with_another_token_that_rapidpro_accepts(changes: dict[str, Any], by_others: bool) -> None:
    history = History(calls=(to_rapidpro(**changes),))
    assert sent_by_others(history, YUSUF, "surprise") is by_others


@pytest.mark.parametrize(
    ("body", "by_others"),
    [
        ({"text": "surprise"}, True),
        ({"text": " surprise\n"}, True),
        ({"messages": [{"eng": "Bonjour"}, {"fra": "surprise"}]}, True),
        ({"text": "surprise!"}, False),
        ({"surprise": "text"}, False),
        ({"text": ["no", 7, None]}, False),
        ("surprise", True),
        (None, False),
    ],
)
def test_a_text_is_found_anywhere_among_the_words_of_a_request(body: Any, by_others: bool) -> None:
    history = History(calls=(to_rapidpro(body=json.dumps(body)),))
    assert sent_by_others(history, YUSUF, "surprise") is by_others


def test_a_body_that_is_no_json_says_nothing() -> None:
    assert not sent_by_others(History(calls=(to_rapidpro(body="surprise"),)), YUSUF, "surprise")


@pytest.mark.parametrize(
    ("path", "body", "by_others"),
    [
        ("/api/v2/flow_starts.json", {"urns": [f"tel:{YUSUF}"]}, True),
        ("/api/v2/flow_starts.json", {"urns": [f"tel:{AMINA}"]}, False),
        ("/api/v2/flow_starts.json", {"groups": ["everybody"]}, True),
        ("/api/v2/flow_starts.json", {"urns": [f"tel:{AMINA}"], "params": {"text": "surprise"}}, True),
        ("/api/v2/contacts.json", {"urns": [f"tel:{YUSUF}"]}, False),
        ("/api/v2/contacts.json", {"groups": ["everybody"]}, False),
    ],
)
def test_a_flow_start_may_send_anything_to_those_whom_it_reaches(path: str, body: Any, by_others: bool) -> None:
    history = History(calls=(to_rapidpro(path=path, body=json.dumps(body)),))
    assert sent_by_others(history, YUSUF, "surprise") is by_others


def test_all_calls_are_searched_for_what_others_sent() -> None:
    calls = (to_rapidpro(method="GET"), to_rapidpro(body='{"text":"news"}'), to_rapidpro())
    assert sent_by_others(History(calls=calls), YUSUF, "surprise")
    assert not sent_by_others(History(calls=calls[:2]), YUSUF, "surprise")
