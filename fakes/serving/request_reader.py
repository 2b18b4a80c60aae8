"""Reads HTTP/1.1 requests from the bytes of one connection, as environs of WSGI.

httptools does the parsing: Node.js's own parser, llhttp. Header values keep every byte, as latin-1 (PEP 3333).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url

from fakes.serving.wsgi import HEADERS_KEY, Environ, environ_key, request_headers

HEAD_LIMIT = 400 * 1024
"""Bytes of the target and the headers of one request."""
REPEATED_HEAD_LIMIT = 2048
"""Bytes of a request's target and headers up to which they are remembered, to be read once when they are sent again."""


class RefusedRequest(Exception):
    """What arrived is no request that can be answered; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """A whole request, and whether its connection stays open afterwards."""

    environ: Environ
    keep_alive: bool


class RequestReader:
    """Reads the requests of one connection. `base` is in each environ; `expects` is called when a caller waits for
    `100 Continue` before it sends its body."""

    def __init__(self, base: Environ, expects: Callable[[], None]) -> None:
        self._base = base
        self._expects = expects
        self._parser = HttpRequestParser(self)
        self._ready: list[Request] = []
        self.on_message_begin()

    def feed(self, data: bytes) -> list[Request]:
        """The requests that are complete with these bytes. RefusedRequest if they are no HTTP, or too much of it."""
        try:
            while data:
                data = self._parse(data)
        except HttpParserError:
            raise RefusedRequest(431 if self._head_size > HEAD_LIMIT else 400) from None
        ready, self._ready = self._ready, []
        return ready

    def _parse(self, data: bytes) -> bytes:
        """What is still to be parsed. The parser stops after the head of a request that offers another protocol, as
        Java's client does by default: it is read again without the offer."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as offer:
            method, headers = self._parser.get_method(), self._headers
            if method == b"CONNECT":
                raise RefusedRequest(405) from None
            kept = [b"%b: %b\r\n" % header for header in headers if header[0].lower() != b"upgrade"]
            head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._url, b"".join(kept))
            self._parser = HttpRequestParser(self)
            return head + data[offer.args[0] :]
        return b""

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head_size = 0

    def on_url(self, part: bytes) -> None:
        self._url += part
        self._count(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        for name, _ in self._headers:
            if name.lower() == b"expect" and not self._parser.should_upgrade():
                self._expects()  # nothing else can be expected (RFC 9110 section 10.1.1)
                return

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return  # see `_parse`
        read = _headers if self._head_size < REPEATED_HEAD_LIMIT else _headers.__wrapped__
        environ, body = self._base | read(tuple(self._headers)), b"".join(self._body)
        path, _, query = self._url.partition(b"?")
        if not path.startswith((b"/", b"*")):  # as it is sent to a proxy
            target = parse_url(self._url)
            path, query = target.path or b"/", target.query or b""
        environ["REQUEST_METHOD"] = self._parser.get_method().decode("latin-1")
        environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{self._parser.get_http_version()}"
        environ["wsgi.input"] = io.BytesIO(body)
        environ["harness.body"] = body
        self._ready.append(Request(environ, self._parser.should_keep_alive()))

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > HEAD_LIMIT:
            raise RefusedRequest(431)  # the parser ends with an error of its own


@lru_cache(maxsize=1024)  # callers send the same headers with every request
def _headers(headers: tuple[tuple[bytes, bytes], ...]) -> Environ:
    """The headers as the environ has them: each by its name, and all together for the ledger. Not to be changed."""
    environ: Environ = {}
    for name, value in headers:
        key, text = environ_key(name.decode("latin-1")), value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return {**environ, HEADERS_KEY: request_headers(environ)}
