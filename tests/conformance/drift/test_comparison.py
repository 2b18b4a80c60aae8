"""How the answers of a live service are compared: headers as sets, fields by type, few questions."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from conformance.drift.cht import QUESTIONS as CHT_QUESTIONS
from conformance.drift.comparison import differing_headers, merged
from conformance.drift.questions import MOST_REQUESTS, Answer, LiveService, Question
from conformance.drift.rapidpro import QUESTIONS, throttled_otherwise
from conformance.drift.schema import mismatches

ROW = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "flow": {"oneOf": [{"type": "object"}, {"type": "null"}]}},
    "required": ["id", "flow"],
    "additionalProperties": False,
}
TEXTS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


@pytest.mark.parametrize(
    ("value", "schema", "found"),
    [
        ({"id": 1, "flow": None}, ROW, []),
        ({"id": 1, "flow": {}}, ROW, []),
        ({"id": True, "flow": None}, ROW, ["id: boolean, recorded: integer"]),
        ({"id": 1.5, "flow": "x"}, ROW, ["id: number, recorded: integer", "flow: string, recorded: object"]),
        ({"flow": None, "new": 1}, ROW, ["id: missing", "new: a field that was never recorded"]),
        ([], ROW, ["the answer: array, recorded: object"]),
        ({"eng": "a", "fra": None}, TEXTS, []),
        ({"eng": 1}, TEXTS, ["*: integer, recorded: string or null"]),
        ([{"id": "a", "flow": None}], {"type": "array", "items": ROW}, ["[*].id: string, recorded: integer"]),
    ],
)
def test_a_mismatch_is_reported_with_place_and_type(value: Any, schema: Any, found: list[str]) -> None:
    assert list(mismatches(value, schema)) == found


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ({"allow": "GET, POST"}, {"allow": "POST, get"}, []),
        ({"vary": "Accept, Cookie"}, {"vary": "Accept-Encoding, Cookie, Accept"}, []),
        ({"vary": "Accept, A"}, {"vary": "A"}, ["header vary: 'A', recorded: at least 'Accept, A'"]),
        ({"allow": "GET"}, {}, ["header allow: missing, recorded: 'GET'"]),
        ({}, {"allow": "GET"}, ["header allow: 'GET', recorded: none"]),
        ({"allow": "GET"}, {"allow": "PUT"}, ["header allow: 'PUT', recorded: 'GET'"]),
    ],
)  # fmt: skip
def test_headers_are_compared_as_sets_and_proxies_may_vary_more(mine: Any, theirs: Any, found: list[str]) -> None:
    assert list(differing_headers(Answer(200, theirs), Answer(200, mine), ("vary", "allow"))) == found


@pytest.mark.parametrize(
    ("seconds", "body", "count"),
    [
        ("55", b'{"detail":"Request was throttled. Expected available in 55 seconds."}', 0),
        ("1", b'{"detail":"Request was throttled. Expected available in 1 second."}', 0),
        ("55", b'{"detail":"Request was throttled. Expected available in 54 seconds."}', 1),
        ("55", b"[]", 1),
        ("Wed, 21 Oct 2026 07:28:00 GMT", b"", 2),
    ],
)
def test_a_429_must_give_its_seconds_in_header_and_body(seconds: str, body: bytes, count: int) -> None:
    assert len(list(throttled_otherwise(Answer(429, {"retry-after": seconds}, body)))) == count


def test_the_same_difference_at_several_questions_is_reported_once() -> None:
    (one,) = merged([("messages", "status 500"), ("runs", "status 500"), ("runs", "status 500")])
    assert str(one) == "messages, runs: status 500"


def test_no_check_has_more_questions_than_promised_and_more_cannot_be_asked() -> None:
    assert max(len(QUESTIONS), len(CHT_QUESTIONS)) <= MOST_REQUESTS
    live = LiveService(requests.Session(), "http://127.0.0.1:9", lambda _credential: {})
    for _ in range(MOST_REQUESTS):
        assert live(Question("any", "/")).failure == "ConnectionError"
    with pytest.raises(AssertionError, match="at most 12"):
        live(Question("one more", "/"))
