"""One careful HTTP call: limits of time and size that hold, no redirects or cookies, errors that say what was done.

Requests limits each wait for the network, so that a neighbour that sends a byte now and then holds a caller for ever.
`open_session` makes the timeouts limits for the whole exchange, where the socket is read and written.
"""

from __future__ import annotations

import http.client
import json
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from typing import Any

import requests
from prometheus_client import CollectorRegistry, Counter
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from relay.models import CallError

TIMEOUT = (5, 20)
"""Seconds to connect (for each address) and to send, and then for the whole response."""
MAX_DECISION_AGE = 15.0
"""Seconds from the moment when the relay knew that it may make a call until the last byte of it is sent."""
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
MAX_RETRY_AFTER = 24 * 3600.0
QUOTA = 2500
"""Calls to one endpoint of RapidPro in an hour, as it documents them."""
EARLIEST, LATEST = 1e9, 4e9
"""Dates outside these, 2001 and 2096, are outside reason."""
# CHT requires exactly this Content-Type, without a charset, and Accept decides what it answers while it starts up.
HEADERS = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
SEND_BY: ContextVar[float] = ContextVar("SEND_BY", default=math.inf)
"""By `steady`, when the call of this thread is too old to be sent."""


def steady() -> float:
    """Seconds that have passed, also while the machine or this process was suspended, whatever its clock is set to."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class _Response(http.client.HTTPResponse):
    """A response whose timeout is a limit for all of it. Interim ones (1xx) are skipped; http.client skips only 100."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw: Any = self.fp.raw  # what the parser reads from, with or without TLS
        end, read = steady() + sock.gettimeout(), raw.readinto

        def read_in_time(buffer: Any) -> Any:
            sock.settimeout(max(end - steady(), 0.001))
            return read(buffer)

        raw.readinto = read_in_time

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200:
            self.headers: Any = None
            super().begin()


class _Connection(HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if steady() > SEND_BY.get():  # this process stood still since, and another relay may have taken over
            raise TimeoutError("not sent, because it was decided on too long ago")
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = _SecureConnection if pool.scheme == "https" else _Connection
        return pool


def open_session() -> requests.Session:
    """A session that keeps connections, but no cookies, and whose timeouts hold whatever the neighbour sends."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


class Calls:
    """Counts the calls to the neighbours and the answers to texts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()  # not the library's global one: each relay has its own
        help_, labels = "Calls, and answers to RapidPro, by status.", ["service", "endpoint", "outcome"]
        self.total = Counter("relay_calls", help_, labels, registry=self.registry)
        self._granted: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=QUOTA))

    def count(self, service: str, endpoint: str, outcome: str) -> None:
        """A call was made, or answered."""
        self.total.labels(service, endpoint, outcome).inc()
        if service == "rapidpro" and outcome not in {"403", "429"}:
            self._granted[endpoint].append(steady())

    def quota_left(self) -> dict[str, int]:
        """Calls that RapidPro allows within this hour, by endpoint, if no other client of the workspace makes any."""
        hour_ago = steady() - 3600
        return {name: QUOTA - sum(time > hour_ago for time in times) for name, times in self._granted.items()}


class Http:
    """Makes the calls to one neighbour.

    confirm  says since when, by `steady`, this relay knows that it may make a call, or raises
    now      the relay's time
    """

    def __init__(
        self, session: Any, service: str, now: Callable[[], float], confirm: Callable[[], float], calls: Calls
    ) -> None:
        self._session, self._service, self.now, self._confirm, self._calls = session, service, now, confirm, calls
        self.answered = 0
        """How many calls had an answer with which the relay can go on."""

    def call(self, method: str, url: str, *, body: Any = None, **options: Any) -> tuple[int, Any, float | None]:
        """The status of the response, the JSON object in it (or an empty one), and its date.

        Raises CallError if there is no complete response, or if its status means that the server does not act now.
        """
        data = None if body is None else json.dumps(body).encode()
        status, headers, content = self._request(method, url, data=data, **options)
        date = parse_date(headers.get("Date"), parsedate_to_datetime)
        if status == 429:
            retry_after = _seconds(headers.get("Retry-After"), date or self.now())
            raise CallError("throttled (429)", outcome_unknown=False, retry_after=retry_after)
        if status in {401, 403}:
            raise CallError(f"refused the token or password ({status})", outcome_unknown=False, needs_admin=True)
        if 300 <= status < 400:
            raise CallError(f"answered with a redirect ({status}): is the address right?", needs_admin=True)
        answer: Any = {}
        with suppress(ValueError, RecursionError):
            answer = json.loads(content)
        answer = answer if isinstance(answer, dict) else {}
        self.answered += status < 300 and answer != {}
        return status, answer, date

    def _request(self, method: str, url: str, **options: Any) -> tuple[int, Mapping[str, str], bytearray]:
        SEND_BY.set(self._confirm() + MAX_DECISION_AGE)
        outcome, endpoint = "no answer", url.rpartition("/")[2]
        options |= {"timeout": TIMEOUT, "allow_redirects": False, "stream": True, "headers": HEADERS}
        try:
            with self._session.request(method, url, **options) as response:
                outcome, content = str(response.status_code), bytearray()
                for chunk in response.iter_content(65536):
                    content += chunk
                    if len(content) > MAX_RESPONSE_BYTES:
                        raise CallError("the response is too large")
                return response.status_code, response.headers, content
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _connection_error(error) from None
        finally:
            self._calls.count(self._service, endpoint, outcome)


def parse_date(value: Any, parse: Callable[[Any], datetime]) -> float | None:
    """A date with a time zone as seconds since 1970; None for anything else, and if it is outside reason."""
    try:
        date = parse(value)
        seconds = date.timestamp() if date.tzinfo else 0.0
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if EARLIEST < seconds < LATEST else None


def _connection_error(error: Exception) -> CallError:
    """Without a connection the request was certainly not sent. Later errors leave the outcome unknown."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    cause = "cannot be reached" if unsent else "no complete response"
    return CallError(f"{cause} ({type(error).__name__})", outcome_unknown=not unsent)


def _seconds(retry_after: str | None, now: float) -> float:
    """Seconds from a Retry-After header: whole seconds or an HTTP date; 60 if it is missing or unreadable."""
    try:
        seconds = float(math.ceil(float(retry_after or "")))
    except (ValueError, OverflowError):
        date = parse_date(retry_after, parsedate_to_datetime)
        seconds = 60.0 if date is None else date - now
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)
