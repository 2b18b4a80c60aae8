"""The ledger: an append-only list of all exchanges, with secrets hidden in its output.

The state of a fake shows what it *did*; the ledger shows what *crossed the wire*. Judging may need both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from fakes.clock import Clock, format_moment
from fakes.redaction import Redaction
from fakes.serving.other_origin import ELSEWHERE, answer, is_elsewhere
from fakes.serving.wsgi import (
    ACTED_KEY,
    FAULT_KEY,
    NO_REPLY_KEY,
    Environ,
    Reply,
    StartResponse,
    WSGIApp,
    call,
    read_body,
    request_headers,
)

MAX_BODY_SHOWN = 65_536
READ_LIMIT = 64 * 1024 * 1024


class Exchange(NamedTuple):
    """One request and its reply. `reply` is None if the caller got no complete reply.

    `direction` is `in` for requests to the fake service, `out` for calls that the fake itself makes (a webhook).
    `at` is the time of arrival; `seq` numbers exchanges in the order in which they ended.
    """

    seq: int
    at: datetime
    service: str
    direction: Literal["in", "out"]
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    reply: Reply | None
    acted: bool = True
    fault: str | None = None
    unexpected: str | None = None
    error: str | None = None


class HasSecrets(Protocol):
    """Anything with secrets: their current values by name."""

    def secrets(self) -> Mapping[str, str]: ...


@dataclass
class Ledger:
    """Append-only list of exchanges. Thread-safe."""

    secret_sources: list[HasSecrets] = field(default_factory=list)
    _exchanges: list[Exchange] = field(default_factory=list)
    _first: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **fields: Any) -> Exchange:
        """Append an exchange; it gets the next number."""
        with self._lock:
            exchange = Exchange(seq=self._first + len(self._exchanges), **fields)
            self._exchanges.append(exchange)
        return exchange

    def after(self, seq: int = 0, service: str | None = None, limit: int | None = None) -> Sequence[Exchange]:
        """The exchanges numbered above `seq`, oldest first, of one service or of all."""
        with self._lock:
            start = max(0, seq - self._first + 1)
            end = None if limit is None or service is not None else start + limit
            found = self._exchanges[start:end]
        if service is not None:
            found = [exchange for exchange in found if exchange.service == service][:limit]
        return found

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def last(self) -> int:
        """The number of the newest exchange; 0 if there never was one."""
        return self._first + len(self._exchanges) - 1

    def clear(self) -> None:
        """Remove all exchanges: only for a world that starts over. Numbers continue, so that no reader mixes worlds."""
        with self._lock:
            self._first += len(self._exchanges)
            self._exchanges = []

    def export(self, exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
        """The exchanges as JSON, without secrets."""
        hide = Redaction({name: value for source in self.secret_sources for name, value in source.secrets().items()})
        return [as_json(exchange, hide) for exchange in exchanges]


def as_json(exchange: Exchange, hide: Redaction) -> dict[str, Any]:
    """One exchange as JSON for the control API."""
    first = (exchange.path, exchange.query, exchange.unexpected or "", exchange.error or "")
    sent = _Parts(first, exchange.headers.items(), exchange.body)
    reply = exchange.reply
    got = None if reply is None else _Parts((), ((name.lower(), value) for name, value in reply.headers), reply.body)
    if hide.concerns("\n".join(sent.values if got is None else sent.values + got.values)):
        for parts in (sent, got) if got is not None else (sent,):
            parts.values = hide.values(parts.values)
    path, query, unexpected, error = sent.values[:4]
    return {
        "seq": exchange.seq,
        "at": format_moment(exchange.at),
        "service": exchange.service,
        "direction": exchange.direction,
        "method": exchange.method,
        "path": path,
        "query": query,
        "request": {"headers": sent.headers(hide), "body": sent.values[-1]},
        "reply": None
        if got is None or reply is None
        else {"status": reply.status, "headers": got.headers(hide), "body": got.values[-1]},
        "acted": exchange.acted,
        "fault": exchange.fault,
        "unexpected": exchange.unexpected and unexpected,
        "error": exchange.error and error,
    }


class _Parts:
    """The values of a request or a reply that may have a secret in them, also one that is divided over two of them."""

    def __init__(self, first: Sequence[str], headers: Iterable[tuple[str, str]], body: bytes) -> None:
        self._plain = dict(headers)
        self._authorization = self._plain.pop("authorization", None)
        self.values = [*first, *self._plain.values(), _text(body)]

    def headers(self, hide: Redaction) -> dict[str, str]:
        """The headers without secrets."""
        shown = dict(zip(self._plain, self.values[-1 - len(self._plain) : -1], strict=True))
        if self._authorization is not None:
            shown["authorization"] = hide.authorization(self._authorization)
        return shown


def _text(body: bytes) -> str:
    shown = body[:MAX_BODY_SHOWN].decode("utf-8", "replace")
    return shown if len(body) <= MAX_BODY_SHOWN else f"{shown}… ({len(body)} bytes)"


class Recorded:
    """The outermost layer around a service: it writes every exchange to the ledger."""

    def __init__(self, app: WSGIApp, ledger: Ledger, service: str, clock: Clock) -> None:
        self._app = app
        self._ledger = ledger
        self._service = service
        self._clock = clock
        self._local = threading.local()

    def mark_unexpected(self, sentence: str) -> None:
        """Called by the service while it answers: no client should make this request, for the reason in `sentence`."""
        self._local.unexpected = sentence

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        at = self._clock.now()
        body = read_body(environ, READ_LIMIT)
        self._local.unexpected = None
        reply: Reply | None = None
        error: str | None = None
        try:
            reply = answer() if is_elsewhere(environ) else call(self._app, environ)
        except BaseException as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            self._write(environ, at, body, None if environ.get(NO_REPLY_KEY) else reply, error)
        return reply.to_wsgi(start_response)

    def _write(self, environ: Environ, at: datetime, body: bytes, reply: Reply | None, error: str | None) -> None:
        self._ledger.add(
            at=at,
            service=ELSEWHERE if is_elsewhere(environ) else self._service,
            direction="in",
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=environ.get("QUERY_STRING", ""),
            headers=request_headers(environ),
            body=body,
            reply=reply,
            acted=environ.get(ACTED_KEY, True),
            fault=environ.get(FAULT_KEY),
            unexpected=self._local.unexpected,
            error=error,
        )
