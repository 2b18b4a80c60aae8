"""Requests by kind, and the time in which RapidPro served nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.history.model import Call
from conformance.planning.calls import KINDS, kind, requests_to_cht, requests_to_rapidpro, throttled_spans

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
BROADCASTS, MESSAGES = "/api/v2/broadcasts.json", "/api/v2/messages.json"


def call(path: str = BROADCASTS, method: str = "POST", status: int | None = 201, at: float = 0, **more: Any) -> Call:
    fields = {"seq": 1, "service": "rapidpro", "direction": "in", **more}
    return Call(at=START + timedelta(seconds=at), method=method, path=path, status=status, **fields)


def refused(at: float, wait: str) -> Call:
    return call(status=429, at=at, reply_headers={"retry-after": wait})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (call(), "send"),
        (call("/api/v2/flow_starts.json"), "send"),
        (call(MESSAGES, "GET", 200), "statuses"),
        (call(BROADCASTS, "GET", 200), "other"),
        (call("/api/v2/contacts.json", "GET", 200), "other"),
        (call(status=429), "throttled"),
        (call(MESSAGES, "GET", 429), "throttled"),
        (call(status=400), "failed"),
        (call(status=503), "failed"),
        (call(status=None), "failed"),
    ],
)
def test_every_request_is_of_one_kind(one: Call, expected: str) -> None:
    assert kind(one) == expected
    assert requests_to_rapidpro([one]) == {name: int(name == expected) for name in KINDS}


def test_only_requests_of_the_subject_count() -> None:
    others = [
        call(direction="out"),
        call("/api/sms", service="cht"),
        call("/medic/x", service="cht"),
        call(BROADCASTS, service="cht", direction="out"),
    ]
    assert sum(requests_to_rapidpro(others).values()) == 0
    assert requests_to_cht(others) == 1


def test_the_subject_is_throttled_from_each_429_for_as_long_as_it_says() -> None:
    calls = [refused(10, "30"), refused(20, "20"), call(at=50), refused(100, "5"), call(status=429, at=200)]
    assert list(throttled_spans(calls, START)) == [(10, 40), (100, 105)]
    assert list(throttled_spans([refused(1, "soon")], START)) == []
