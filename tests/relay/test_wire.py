"""One call of the relay's by itself: limits, what its failures mean, and for how long they ask for silence."""

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

from relay.messages import Trouble
from relay.wire import LARGEST_ANSWER, LONGEST_WAIT, TIMEOUT, WHOLE_ANSWER, call, moment

NOW = 1_780_000_000.0
URL = "http://neighbour.test/api/sms"


class Neighbour(BaseAdapter):
    """Answers every request with what it was given, or fails with it."""

    def __init__(self, status: int = 200, body: Any = b"{}", headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.status, self.body, self.headers = status, body, headers or {}
        self.asked: list[tuple[requests.PreparedRequest, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **how: Any) -> requests.Response:
        assert how["stream"], "read at once, it would have no limit"
        self.asked.append((request, how["timeout"]))
        if isinstance(self.body, Exception):
            raise self.body
        stream = io.BytesIO(self.body) if isinstance(self.body, bytes) else self.body
        raw = HTTPResponse(stream, status=self.status, headers=self.headers, preload_content=False)
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing is held."""


def ask(neighbour: Neighbour, now: Any = lambda: NOW, **how: Any) -> tuple[int, dict[str, Any]]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", neighbour)
        return call(session, now, "POST", URL, **how)


def trouble(neighbour: Neighbour, now: Any = lambda: NOW) -> Trouble:
    with pytest.raises(Trouble) as caught:
        ask(neighbour, now)
    return caught.value


def test_the_question_is_json_and_is_given_up_in_time() -> None:
    neighbour = Neighbour(body=b'{"messages":[]}')
    assert ask(neighbour, body={"text": "é"}) == (200, {"messages": []})
    ((request, timeout),) = neighbour.asked
    assert request.body == b'{"text": "\\u00e9"}'
    assert (request.headers["Content-Type"], request.headers["Accept"]) == ("application/json", "application/json")
    assert timeout == TIMEOUT


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"null", b"<html>", b'{"a":', b"\xff\xfe", b"[" * 200_000, b"1" * 5000], ids=lambda b: b[:5]
)
def test_what_is_no_object_is_an_empty_one(body: bytes) -> None:
    assert ask(Neighbour(500, body)) == (500, {})


def test_an_answer_may_be_as_large_as_the_limit_and_no_larger() -> None:
    blank = b" " * (LARGEST_ANSWER - 2)
    assert ask(Neighbour(body=b"{}" + blank)) == (200, {})
    told = trouble(Neighbour(body=b"{}" + blank + b" "))
    assert (told.cause, told.happened) == ("the answer is too long or too slow", None)


class Dripping(io.RawIOBase):
    """Gives its pieces one at a time, each after some seconds of the clock."""

    def __init__(self, pieces: int, seconds: float) -> None:
        self.left, self.seconds, self.now = pieces, seconds, NOW

    def read(self, _size: int = -1) -> bytes:
        if not self.left:
            return b""
        self.left -= 1
        self.now += self.seconds
        return b"{}" if not self.left else b" "


@pytest.mark.parametrize(("pieces", "fine"), [(6, True), (7, False)])
def test_an_answer_that_drips_is_given_up_after_a_minute_in_all(pieces: int, fine: bool) -> None:
    slow = Dripping(pieces, WHOLE_ANSWER / 6)
    neighbour = Neighbour(body=slow)
    if fine:
        assert ask(neighbour, lambda: slow.now) == (200, {})
    else:
        assert trouble(neighbour, lambda: slow.now).cause == "the answer is too long or too slow"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_did_nothing_and_is_tried_rarely(status: int) -> None:
    told = trouble(Neighbour(status))
    assert (told.happened, told.slow, told.wait) == (False, True, None)
    assert str(status) in told.cause


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirect_is_not_followed(status: int) -> None:
    neighbour = Neighbour(status, headers={"Location": "http://elsewhere.test/"})
    told = trouble(neighbour)
    assert len(neighbour.asked) == 1
    assert (told.happened, told.slow, told.wait) == (None, True, None)
    assert f"redirect ({status})" in told.cause


@pytest.mark.parametrize("status", [200, 201, 299, 400, 402, 404, 409, 428, 500, 503])
def test_every_other_status_is_for_the_caller(status: int) -> None:
    assert ask(Neighbour(status)) == (status, {})


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
        ("86400", LONGEST_WAIT),
        ("86401", LONGEST_WAIT),
        ("Thu, 28 May 2026 20:26:50 GMT", 10),
        ("Thu, 28 May 2026 20:26:00 GMT", 1),
    ],
)
def test_how_long_a_throttled_neighbour_is_left_alone(retry_after: str | None, seconds: float) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    told = trouble(Neighbour(429, headers=headers))
    assert (told.wait, told.happened, told.slow) == (seconds, False, False)


CONNECTION = HTTPConnection("neighbour.test")


@pytest.mark.parametrize(
    ("error", "happened"),
    [
        (requests.ConnectTimeout(), False),
        (requests.ConnectionError(MaxRetryError(None, URL, NewConnectionError(CONNECTION, "refused"))), False),  # type: ignore[arg-type]  # no pool is needed to tell them apart
        (requests.ConnectionError(ProtocolError("cut off")), None),
        (requests.ConnectionError(), None),
        (requests.ReadTimeout(), None),
        (requests.exceptions.ChunkedEncodingError(), None),
        (ProtocolError("cut off"), None),
        (ConnectionResetError(), None),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_only_a_connection_that_never_was_is_sure_to_have_done_nothing(error: Exception, happened: bool | None) -> None:
    told = trouble(Neighbour(body=error))
    assert told.happened is happened
    assert told.cause == f"{'no whole answer' if happened is None else 'cannot be reached'} ({type(error).__name__})"


def test_what_breaks_off_in_mid_answer_may_have_happened() -> None:
    assert trouble(Neighbour(body=b"{}", headers={"Content-Length": "5"})).happened is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-05-28T20:26:40.500Z", NOW + 0.5),
        ("2026-05-28T22:26:40+02:00", NOW),
        ("2026-05-28T20:26:40", None),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_read_only_with_their_zone(value: Any, seconds: float | None) -> None:
    assert moment(value) == seconds
