"""Exchanges as JSON, with secrets hidden."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from fakes.clock import format_moment
from fakes.ledger.exchange import Cut, Exchange
from fakes.redaction import Redaction

MAX_BODY_SHOWN = 65_536
"""Bytes. Of a longer body this much is shown, unless the whole is asked for."""


def as_json(exchange: Exchange, hide: Redaction, *, whole: bool = False) -> dict[str, Any]:
    """One exchange as JSON for the control API. `whole`: with bodies of any length, as far as they are kept.

    A body that is not shown whole ends with its length, and `cut` beside it says what is shown of it.
    """
    first = (exchange.path, exchange.query, exchange.unexpected or "", exchange.error or "")
    sent = _Parts(first, exchange.headers.items(), exchange.body, whole=whole)
    reply = exchange.reply
    headers = () if reply is None else ((name.lower(), value) for name, value in reply.headers)
    got = None if reply is None else _Parts((), headers, reply.body, whole=whole)
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
        "request": {"headers": sent.headers(hide), **sent.body(hide)},
        "reply": None
        if got is None or reply is None
        else {"status": reply.status, "headers": got.headers(hide), **got.body(hide)},
        "acted": exchange.acted,
        "fault": exchange.fault,
        "unexpected": exchange.unexpected and unexpected,
        "error": exchange.error and error,
    }


class _Parts:
    """The values of a request or a reply that may have a secret in them, also one that is divided over two of them."""

    def __init__(self, first: Sequence[str], headers: Iterable[tuple[str, str]], body: bytes, *, whole: bool) -> None:
        self._plain = dict(headers)
        self._authorization = self._plain.pop("authorization", None)
        self._body = body
        self._shown = len(body) if whole else min(len(body), MAX_BODY_SHOWN)
        self.values = [*first, *self._plain.values(), body[: self._shown].decode("utf-8", "replace")]

    def headers(self, hide: Redaction) -> dict[str, str]:
        """The headers without secrets."""
        shown = dict(zip(self._plain, self.values[-1 - len(self._plain) : -1], strict=True))
        if self._authorization is not None:
            shown["authorization"] = hide.authorization(self._authorization)
        return shown

    def body(self, hide: Redaction) -> dict[str, Any]:
        """The body without secrets, and what of it is missing."""
        body, text = self._body, self.values[-1]
        if not isinstance(body, Cut) and self._shown == len(body):
            return {"body": text}
        length, sha256 = _whole(body)
        cut = {"shown": self._shown, "length": length, "sha256": sha256.hex(), "kept": not isinstance(body, Cut)}
        return {"body": f"{hide.beginning(text)}… ({length} bytes)", "cut": cut}


def _whole(body: bytes) -> tuple[int, bytes]:
    """Length and SHA-256 of the whole body."""
    return (body.length, body.sha256) if isinstance(body, Cut) else (len(body), hashlib.sha256(body).digest())
