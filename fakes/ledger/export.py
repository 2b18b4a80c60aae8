"""Exchanges as JSON, with secrets hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fakes.clock import format_moment
from fakes.ledger.exchange import Exchange
from fakes.redaction import Redaction

MAX_BODY_SHOWN = 65_536


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
