"""Small WSGI helpers, so that layers can wrap services without a framework in the request path."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]

# Keys in the environ by which the layers tell each other what happened to a request.
FAULT_KEY = "harness.fault"
"""Name and number of the fault that was applied, such as `lose_reply#3`."""
ACTED_KEY = "harness.acted"
"""Whether the service acted on the request (a definite or an indefinite fault)."""
NO_REPLY_KEY = "harness.no_reply"
"""Set when the caller gets no reply, or an incomplete one."""
HEADERS_KEY = "harness.headers"
"""The headers of the request as `request_headers` returns them, if the holder of the connection has them already."""

STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: status, headers in order, body. Immutable; effects create new ones."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def of(cls, status: int, content_type: str, body: bytes) -> Reply:
        """A reply with a body and the two headers that describe it."""
        return cls(status, (("Content-Type", content_type), ("Content-Length", str(len(body)))), body)

    def header(self, name: str) -> str | None:
        """The first header with that name, in any case; None if there is none."""
        lower_name = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower_name), None)

    def with_body(self, body: bytes) -> Reply:
        """The same reply with another body and its Content-Length."""
        return replace(self.with_header("Content-Length", str(len(body))), body=body)

    def with_header(self, name: str, value: str) -> Reply:
        """The same reply with this header in place of all with that name."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))

    def to_wsgi(self, start_response: StartResponse) -> list[bytes]:
        """Answer a WSGI call with this reply."""
        start_response(STATUS_LINES.get(self.status) or f"{self.status} Unknown", list(self.headers))
        return [self.body]


class ReplyApp(ABC):
    """A WSGI app that produces each reply as a whole."""

    @abstractmethod
    def answer(self, environ: Environ) -> Reply:
        """The reply to a request."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self.answer(environ).to_wsgi(start_response)


class BodyTooLarge(Exception):
    """The request body is longer than allowed."""


def read_body(environ: Environ, limit: int) -> bytes:
    """The body of the request; read once, then kept in the environ so that every layer can read it.

    `limit` is in bytes. Raises BodyTooLarge, after reading the whole body so that the connection stays usable.
    """
    kept = environ.get("harness.body")
    if kept is None:
        kept = _read(environ)
        environ["harness.body"] = kept
        environ["wsgi.input"] = io.BytesIO(kept)
        environ["CONTENT_LENGTH"] = str(len(kept))
    if len(kept) > limit:
        raise BodyTooLarge(f"expected a body of at most {limit} bytes, got {len(kept)}")
    body: bytes = kept
    return body


def _read(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or environ.get("HTTP_CONTENT_LENGTH")
    if length:
        try:
            size = int(length)
        except ValueError:
            return b""
        return bytes(environ["wsgi.input"].read(size)) if size > 0 else b""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return bytes(environ["wsgi.input"].read())
    return b""


def request_headers(environ: Environ) -> dict[str, str]:
    """The headers of the request as it came; names in lower case with dashes. Not to be changed."""
    known: dict[str, str] | None = environ.get(HEADERS_KEY)
    if known is not None:
        return known
    found = {
        _header_name(key): value for key, value in environ.items() if key.startswith("HTTP_") and isinstance(value, str)
    }
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(key):
            found[name] = environ[key]
    return found


@lru_cache(maxsize=1024)
def environ_key(header: str) -> str:
    """The key of a request header in the environ; the header name may be in any case."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


@lru_cache(maxsize=1024)
def _header_name(key: str) -> str:
    return key.removeprefix("HTTP_").replace("_", "-").lower()


def replies_of(app: WSGIApp) -> Callable[[Environ], Reply]:
    """What answers a request to the app with its whole reply, for who calls it often."""
    return app.answer if isinstance(app, ReplyApp) else partial(_call, app)


def call(app: WSGIApp, environ: Environ) -> Reply:
    """Call a WSGI app and return its whole reply; a `ReplyApp` is asked for it directly."""
    return replies_of(app)(environ)


def _call(app: WSGIApp, environ: Environ) -> Reply:
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:  # noqa: ARG001 - the WSGI signature
        started[:] = [int(status[:3]), tuple(headers)]

    body = join_parts(app(environ, start_response))
    return Reply(started[0], started[1], body)


def join_parts(parts: Iterable[bytes]) -> bytes:
    """The whole body that a WSGI app returned; closes it as WSGI demands."""
    try:
        return b"".join(parts)
    finally:
        close: Callable[[], None] | None = getattr(parts, "close", None)
        if close is not None:
            close()


def build_environ(
    method: str,
    url_path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    host: str = "localhost",
) -> Environ:
    """The environ that a server would build; `url_path` is percent-encoded, `query` raw and without `?`."""
    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url_path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "harness.body": body,
    }
    for name, value in headers.items():
        environ[environ_key(name)] = value
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ
