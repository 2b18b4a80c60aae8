"""The layer around a service that writes every exchange to the ledger."""

from __future__ import annotations

import threading
from datetime import datetime

from fakes.clock import Clock
from fakes.ledger.ledger import Ledger
from fakes.ledger.looks import KEY as LOOK
from fakes.serving.other_origin import ELSEWHERE, answer, is_elsewhere
from fakes.serving.wsgi import (
    ACTED_KEY,
    FAULT_KEY,
    NO_REPLY_KEY,
    Environ,
    Reply,
    ReplyApp,
    WSGIApp,
    read_body,
    replies_of,
    request_headers,
)

READ_LIMIT = 64 * 1024 * 1024


class Recorded(ReplyApp):
    """The outermost layer around a service: it writes every exchange to the ledger."""

    def __init__(self, app: WSGIApp, ledger: Ledger, service: str, clock: Clock, bare: WSGIApp | None = None) -> None:
        """`bare`: the service without faults, for the harness's own looks. Default: the same `app`."""
        self._serve = replies_of(app)
        self._bare = replies_of(bare or app)
        self._ledger = ledger
        self._service = service
        self._clock = clock
        self._local = threading.local()

    def mark_unexpected(self, sentence: str) -> None:
        """Called by the service while it answers: no client should make this request, for the reason in `sentence`."""
        self._local.unexpected = sentence

    def answer(self, environ: Environ) -> Reply:
        """The reply of the app, written down with its request. An exception of the app is written down too."""
        if LOOK in environ and self._ledger.looks.has(environ):
            return self._bare(environ)
        at = self._clock.now()
        body = read_body(environ, READ_LIMIT)
        self._local.unexpected = None
        reply: Reply | None = None
        error: str | None = None
        try:
            reply = answer() if is_elsewhere(environ) else self._serve(environ)
            return reply
        except BaseException as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            self._write(environ, at, body, None if environ.get(NO_REPLY_KEY) else reply, error)

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
