"""Which texts the relay had sent, to whomever: by its token, and by the numbers and words of its requests."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.history.model import Call, History
from conformance.history.others import asked_by_relay, by_others

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YUSUF, AMINA = "+250788200002", "+250788200001"
TO_YUSUF = {"urns": [f"tel:{YUSUF}"], "text": "surprise"}
FLOW_START = "/api/v2/flow_starts.json"


def to_rapidpro(body: Any = TO_YUSUF, **changes: Any) -> Call:
    """A broadcast by the relay."""
    token = {"authorization": "Token [hidden:rapidpro:relay]"}
    text = body if isinstance(body, str) else json.dumps(body)
    return replace(Call(1, NOON, "rapidpro", "in", "POST", "/api/v2/broadcasts.json", 201, token, body=text), **changes)


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"status": 299}, True),
        ({"status": 300}, False),
        ({"status": 400}, False),
        ({"status": None, "fault": "lose_reply#1"}, True),
        ({"status": None}, True),
        ({"status": 502, "fault": "replace_reply#1"}, True),  # it acted, and answered something else
        ({"status": 201, "acted": False, "fault": "reset#1"}, False),
        ({"status": None, "acted": False}, False),
        ({"method": "GET"}, False),
        ({"direction": "out"}, False),
        ({"service": "cht"}, False),
        ({"headers": {}}, False),
        ({"headers": {"authorization": "Token [hidden:rapidpro:relay, before 1]"}}, True),
        ({"headers": {"authorization": "Token [hidden:rapidpro:dashboard]"}}, False),
    ],
)
def test_the_relay_asks_by_requests_with_its_token_that_rapidpro_acted_upon(
    changes: dict[str, Any], asked: bool
) -> None:
    assert asked_by_relay(History(calls=(to_rapidpro(**changes),)), YUSUF, "surprise") is asked


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        ("/api/v2/broadcasts.json", {"urns": ["tel:0788200002"], "text": "in other words"}, True),
        ("/api/v2/broadcasts.json", {"urns": [f"tel:{AMINA}"], "text": "surprise"}, False),
        ("/api/v2/broadcasts.json", {"urns": ["tel:+254722200002"], "text": "surprise"}, False),
        ("/api/v2/broadcasts.json", {"contacts": ["c-1"], "text": " surprise "}, True),
        ("/api/v2/broadcasts.json", {"groups": ["g-1"], "text": {"eng": "surprise"}}, True),
        ("/api/v2/broadcasts.json", {"groups": ["g-1"], "text": "in other words"}, False),
        ("/api/v2/broadcasts.json", "surprise", False),
        (FLOW_START, {"urns": [f"tel:{YUSUF}"]}, True),
        (FLOW_START, {"urns": [f"tel:{AMINA}"]}, False),
        (FLOW_START, {"groups": ["g-1"]}, True),
    ],
)
def test_a_request_names_its_receiver_by_a_number_or_its_words_show_it(path: str, body: Any, asked: bool) -> None:
    other = to_rapidpro({"urns": [f"tel:{AMINA}"], "text": "other"})
    calls = (to_rapidpro(method="GET"), other, to_rapidpro(body, path=path))
    assert asked_by_relay(History(calls=calls), YUSUF, "surprise") is asked


@pytest.mark.parametrize(
    ("token", "others"),
    [
        ("Token [hidden:rapidpro:dashboard]", True),
        ("Basic admin:[hidden:cht:password of admin]", True),
        ("Token [hidden:rapidpro:relay]", False),
        ("Token [hidden:rapidpro:relay, before 1]", False),
        ("Basic gateway:[hidden:cht:password of gateway]", False),
        ("Token nobody's", False),
        (None, False),
    ],
)
def test_somebody_else_asks_with_a_token_of_his_own_or_as_chts_administrator(token: str | None, others: bool) -> None:
    assert by_others(to_rapidpro(headers={} if token is None else {"authorization": token})) is others
