"""Replies that are right in form and stop careless clients: pages without end, cookies, a wrong clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.faults.effect import NotApplicable, ServiceContext
from fakes.faults.effects import EFFECTS
from fakes.serving.wsgi import Environ, Reply, build_environ

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def reply_of(
    effect: str, options: Mapping[str, Any], document: Any, query: str = "", seen: list[str] | None = None
) -> Reply:
    def serve(environ: Environ) -> Reply:
        if seen is not None:
            seen.append(environ["QUERY_STRING"])
        return Reply.of(200, "application/json", json.dumps(document).encode())

    environ = build_environ("GET", "/api/v2/messages.json", query, {}, b"", host="rapidpro.test")
    kind = EFFECTS[effect]
    reply = kind.apply(serve, kind.parse(options), ServiceContext("rapidpro", lambda: NOW))(environ)
    assert environ["QUERY_STRING"] == query, "the ledger shows what was asked"
    return reply


def test_a_page_without_end_is_its_own_next_page() -> None:
    reply = reply_of("endless_pages", {}, {"next": None, "results": [1]}, "folder=sent&cursor=abc")
    expected = "http://rapidpro.test/api/v2/messages.json?folder=sent&cursor=abc"
    assert json.loads(reply.body) == {"next": expected, "results": [1]}


@pytest.mark.parametrize("document", [{"results": []}, [1], "text", None])
def test_what_is_no_list_of_pages_is_left_unchanged(document: Any) -> None:
    with pytest.raises(NotApplicable):
        reply_of("endless_pages", {}, document)


def test_as_many_cookies_as_asked_for_are_set() -> None:
    reply = reply_of("set_cookies", {"count": 3, "size": 10}, {})
    cookies = [value for name, value in reply.headers if name == "Set-Cookie"]
    assert [value.split(";")[0] for value in cookies] == [f"cookie{n}={'c' * 10}" for n in range(3)]


@pytest.mark.parametrize(
    ("seconds", "shown", "date"),
    [
        (3600, "2026-03-01T11:30:00.123456Z", "Sun, 01 Mar 2026 13:00:00 GMT"),
        (-3600, "2026-03-01T09:30:00.123456Z", "Sun, 01 Mar 2026 11:00:00 GMT"),
        (0, "2026-03-01T10:30:00.123456Z", "Sun, 01 Mar 2026 12:00:00 GMT"),
    ],
)
def test_a_wrong_clock_shows_in_the_date_and_in_all_dates_of_a_reply(seconds: int, shown: str, date: str) -> None:
    document = {"results": [{"created_on": "2026-03-01T10:30:00.123456Z", "text": "on 2026-03-01", "id": 7}]}
    reply = reply_of("clock_skew", {"seconds": seconds}, document)
    assert json.loads(reply.body)["results"] == [{"created_on": shown, "text": "on 2026-03-01", "id": 7}]
    assert reply.header("Date") == date


def test_dates_in_queries_are_understood_by_the_wrong_clock() -> None:
    seen: list[str] = []
    reply_of("clock_skew", {"seconds": 3600}, {}, "after=2026-03-01T13%3A00%3A00%2B00%3A00&id=1", seen)
    assert seen == ["after=2026-03-01T12%3A00%3A00%2B00%3A00&id=1"]


@given(st.text(max_size=30), st.floats(-3e9, 3e9))
def test_a_wrong_clock_changes_nothing_but_dates(text: str, seconds: float) -> None:
    reply = reply_of("clock_skew", {"seconds": seconds}, {"text": text, "at": "0001-01-01T00:00:00Z"})
    assert json.loads(reply.body)["text"] == text
