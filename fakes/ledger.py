"""The ledger: an append-only list of all exchanges, with secrets hidden in its output.

The state of a fake shows what it *did*; the ledger shows what *crossed the wire*. Judging may need both.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from fakes.clock import Clock, format_moment
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


class Redaction:
    """Replaces secrets by `[hidden:NAME]`, so that a reader sees which secret it was, but not its value."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        pairs = [(value, f"[hidden:{name}]") for name, value in secrets.items() if value]
        self._pairs = sorted(pairs, key=lambda pair: -len(pair[0]))  # longest first: one may contain another

    def text(self, text: str) -> str:
        """`text` with every known secret replaced."""
        for value, label in self._pairs:
            if value in text:
                text = text.replace(value, label)
        return text

    def authorization(self, value: str) -> str:
        """An Authorization header: scheme, user name if it has one, and the name of the secret if it is known."""
        scheme, _, credential = value.partition(" ")
        if scheme.lower() == "basic":
            user, _, password = _decode_basic(credential).partition(":")
            return f"{scheme} {self.text(user)}:{self._secret(password)}"
        return f"{scheme} {self._secret(credential.strip())}" if credential else self._secret(scheme)

    def _secret(self, value: str) -> str:
        return next((label for secret, label in self._pairs if secret == value), "[hidden]") if value else ""


def _decode_basic(credential: str) -> str:
    try:
        return base64.b64decode(credential, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def as_json(exchange: Exchange, hide: Redaction) -> dict[str, Any]:
    """One exchange as JSON for the control API."""
    reply = exchange.reply
    return {
        "seq": exchange.seq,
        "at": format_moment(exchange.at),
        "service": exchange.service,
        "direction": exchange.direction,
        "method": exchange.method,
        "path": exchange.path,
        "query": hide.text(exchange.query),
        "request": {
            "headers": _headers(exchange.headers.items(), hide),
            "body": hide.text(_text(exchange.body)),
        },
        "reply": None
        if reply is None
        else {
            "status": reply.status,
            "headers": _headers(((name.lower(), value) for name, value in reply.headers), hide),
            "body": hide.text(_text(reply.body)),
        },
        "acted": exchange.acted,
        "fault": exchange.fault,
        "unexpected": exchange.unexpected,
        "error": exchange.error,
    }


def _headers(pairs: Iterable[tuple[str, str]], hide: Redaction) -> dict[str, str]:
    return {name: hide.authorization(value) if name == "authorization" else hide.text(value) for name, value in pairs}


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
            reply = call(self._app, environ)
        except BaseException as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            self._write(environ, at, body, None if environ.get(NO_REPLY_KEY) else reply, error)
        return reply.to_wsgi(start_response)

    def _write(self, environ: Environ, at: datetime, body: bytes, reply: Reply | None, error: str | None) -> None:
        self._ledger.add(
            at=at,
            service=self._service,
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
