"""A single HTTP call: its limits, what its errors mean, and how long they ask the relay to wait."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from relay.http_client import MAX_RESPONSE_BYTES, MAX_RETRY_AFTER, TIMEOUT
from relay.models import CallError
from tests.relay.neighbours import http

NOW = 1_780_000_000.0
URL = "http://neighbour.test/api/sms"


class Neighbour(BaseAdapter):
    """Answers every request with `body`, or raises it if it is an exception."""

    def __init__(self, status: int = 200, body: Any = b"{}", headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.status, self.body, self.headers = status, body, headers or {}
        self.requests: list[tuple[requests.PreparedRequest, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        assert options["stream"], "without streaming there is no size limit"
        self.requests.append((request, options["timeout"]))
        if isinstance(self.body, Exception):
            raise self.body
        stream = io.BytesIO(self.body) if isinstance(self.body, bytes) else self.body
        raw = HTTPResponse(stream, status=self.status, headers=self.headers, preload_content=False)
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """There is nothing to close."""


def make_call(neighbour: Neighbour, now: Any = lambda: NOW, **options: Any) -> tuple[int, dict[str, Any]]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", neighbour)
        return http(session, now).call("POST", URL, **options)[:2]


def call_error(neighbour: Neighbour, now: Any = lambda: NOW) -> CallError:
    with pytest.raises(CallError) as caught:
        make_call(neighbour, now)
    return caught.value


def test_a_request_is_json_and_has_a_timeout() -> None:
    neighbour = Neighbour(body=b'{"messages":[]}')
    assert make_call(neighbour, body={"text": "é"}) == (200, {"messages": []})
    ((request, timeout),) = neighbour.requests
    assert request.body == b'{"text": "\\u00e9"}'
    assert (request.headers["Content-Type"], request.headers["Accept"]) == ("application/json", "application/json")
    assert timeout == TIMEOUT


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"null", b"<html>", b'{"a":', b"\xff\xfe", b"[" * 200_000, b"1" * 5000], ids=lambda b: b[:5]
)
def test_a_response_that_is_not_a_json_object_counts_as_an_empty_one(body: bytes) -> None:
    assert make_call(Neighbour(500, body)) == (500, {})


def test_a_response_may_be_as_large_as_the_limit_and_no_larger() -> None:
    blank = b" " * (MAX_RESPONSE_BYTES - 2)
    assert make_call(Neighbour(body=b"{}" + blank)) == (200, {})
    error = call_error(Neighbour(body=b"{}" + blank + b" "))
    assert (error.cause, error.outcome_unknown) == ("the response is too large", True)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_means_not_done_and_is_retried_rarely(status: int) -> None:
    error = call_error(Neighbour(status))
    assert (error.outcome_unknown, error.needs_admin, error.retry_after) == (False, True, None)
    assert str(status) in error.cause


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirect_is_not_followed(status: int) -> None:
    neighbour = Neighbour(status, headers={"Location": "http://elsewhere.test/"})
    error = call_error(neighbour)
    assert len(neighbour.requests) == 1
    assert (error.outcome_unknown, error.needs_admin, error.retry_after) == (True, True, None)
    assert f"redirect ({status})" in error.cause


@pytest.mark.parametrize("status", [200, 201, 299, 400, 402, 404, 409, 428, 500, 503])
def test_any_other_status_is_returned(status: int) -> None:
    assert make_call(Neighbour(status)) == (status, {})


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7),
        ("7.2", 8),
        ("0", 1),
        ("-5", 1),
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("nan", 60),
        ("inf", 60),
        ("1e400", 60),
        ("86400", MAX_RETRY_AFTER),
        ("86401", MAX_RETRY_AFTER),
        ("Thu, 28 May 2026 20:26:50 GMT", 10),
        ("Thu, 28 May 2026 20:26:00 GMT", 1),
    ],
)
def test_retry_after_is_read_and_limited(retry_after: str | None, seconds: float) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    error = call_error(Neighbour(429, headers=headers))
    assert (error.retry_after, error.outcome_unknown, error.needs_admin) == (seconds, False, False)


CONNECTION = HTTPConnection("neighbour.test")


@pytest.mark.parametrize(
    ("raised", "outcome_unknown"),
    [
        (requests.ConnectTimeout(), False),
        (requests.ConnectionError(MaxRetryError(None, URL, NewConnectionError(CONNECTION, "refused"))), False),  # type: ignore[arg-type]  # needs no pool
        (requests.ConnectionError(ProtocolError("cut off")), True),
        (requests.ConnectionError(), True),
        (requests.ReadTimeout(), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (ProtocolError("cut off"), True),
        (ConnectionResetError(), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_only_a_failed_connection_means_not_done(raised: Exception, outcome_unknown: bool) -> None:
    error = call_error(Neighbour(body=raised))
    assert error.outcome_unknown is outcome_unknown
    assert (
        error.cause == f"{'no complete response' if outcome_unknown else 'cannot be reached'} ({type(raised).__name__})"
    )


def test_an_incomplete_response_leaves_the_outcome_unknown() -> None:
    assert call_error(Neighbour(body=b"{}", headers={"Content-Length": "5"})).outcome_unknown
