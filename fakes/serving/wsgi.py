"""Small helpers around WSGI, so that layers can wrap services without a framework in the request path."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]

# Keys by which the layers tell each other, in the environ, what became of a request.
FAULT_KEY = "harness.fault"
"""Name and number of the fault that was applied, such as `lose_reply#3`."""
ACTED_KEY = "harness.acted"
"""Whether the service acted on the request (a definite or an indefinite fault)."""
NO_REPLY_KEY = "harness.no_reply"
"""Set when the caller gets no answer, or no complete one."""

REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers in order, body. Immutable; effects make new ones."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def of(cls, status: int, content_type: str, body: bytes) -> Reply:
        """A reply with a body and the two headers that describe it."""
        return cls(status, (("Content-Type", content_type), ("Content-Length", str(len(body)))), body)

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def with_body(self, body: bytes) -> Reply:
        """The same answer with another body and the Content-Length that goes with it."""
        return self.with_header("Content-Length", str(len(body)))._with(body=body)

    def with_header(self, name: str, value: str) -> Reply:
        """The same answer with this header in place of any of that name."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return self._with(headers=(*kept, (name, value)))

    def _with(self, **changes: Any) -> Reply:
        return replace(self, **changes)

    def to_wsgi(self, start_response: StartResponse) -> list[bytes]:
        """Answer a WSGI call with this."""
        start_response(REASONS.get(self.status) or f"{self.status} Unknown", list(self.headers))
        return [self.body]


class Answers(ABC):
    """A WSGI app whose answers are known as a whole."""

    @abstractmethod
    def answer(self, environ: Environ) -> Reply:
        """The answer to a request."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self.answer(environ).to_wsgi(start_response)


class BodyTooLarge(Exception):
    """The request body is longer than the caller allows."""


def read_body(environ: Environ, limit: int) -> bytes:
    """The request's body; read once, then kept in the environ so that every layer may read it.

    `limit` is in bytes. Raises BodyTooLarge, after throwing the rest away so that the connection stays usable.
    """
    kept = environ.get("harness.body")
    if kept is None:
        kept = _read(environ)
        environ["harness.body"] = kept
        environ["wsgi.input"] = io.BytesIO(kept)
        environ["CONTENT_LENGTH"] = str(len(kept))
    if len(kept) > limit:
        raise BodyTooLarge(f"at most {limit} bytes are taken, {len(kept)} came")
    body: bytes = kept
    return body


def _read(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or environ.get("HTTP_CONTENT_LENGTH")
    if length:
        try:
            wanted = int(length)
        except ValueError:
            return b""
        return bytes(environ["wsgi.input"].read(wanted)) if wanted > 0 else b""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return bytes(environ["wsgi.input"].read())
    return b""


def request_headers(environ: Environ) -> dict[str, str]:
    """The request's headers, names in lower case with dashes."""
    found = {
        _header_name(key): value for key, value in environ.items() if key.startswith("HTTP_") and isinstance(value, str)
    }
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(key):
            found[name] = environ[key]
    return found


@lru_cache(maxsize=1024)
def environ_key(header: str) -> str:
    """Where the environ holds a request header, whatever the case of its name."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


@lru_cache(maxsize=1024)
def _header_name(key: str) -> str:
    return key.removeprefix("HTTP_").replace("_", "-").lower()


def call(app: WSGIApp, environ: Environ) -> Reply:
    """Call a WSGI app and take its whole answer; one that `Answers` is asked for it without the detour."""
    if isinstance(app, Answers):
        return app.answer(environ)
    seen: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:  # noqa: ARG001 - the WSGI signature
        seen[:] = [int(status[:3]), tuple(headers)]

    parts = app(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return Reply(seen[0], seen[1], body)


def build_environ(
    method: str,
    url_path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    host: str = "localhost",
) -> Environ:
    """The environ a server would make of a request; `url_path` percent-encoded, `query` raw without `?`."""
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
