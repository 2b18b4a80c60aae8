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

from fakes.serving.wsgi import Environ, environ_key

HEAD_LIMIT = 400 * 1024
"""Bytes of the target and the headers of one request."""


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
        if any(name.lower() == b"expect" for name, _ in self._headers) and not self._parser.should_upgrade():
            self._expects()  # nothing else can be expected (RFC 9110 section 10.1.1)

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return  # see `_parse`
        environ, body = self._base.copy(), b"".join(self._body)
        for name, value in self._headers:
            key, text = _key(name), value.decode("latin-1")
            earlier = environ.get(key)
            environ[key] = text if earlier is None else f"{earlier},{text}"
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


@lru_cache(maxsize=1024)  # callers send the same few names
def _key(name: bytes) -> str:
    return environ_key(name.decode("latin-1"))
