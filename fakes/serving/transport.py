"""A `requests` transport adapter to a WSGI app: the same clients, the same URLs, no sockets.

Connection-level faults (`fakes.serving.connection`) raise the exceptions that `requests` raises on a real socket.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import HTTPBasicAuth
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from fakes.serving.connection import DRIP_KEY, ENDING_KEY, WAIT_KEY, ConnectionEnding
from fakes.serving.deadline import read_timeout
from fakes.serving.wsgi import Reply, WSGIApp, build_environ, replies_of


class WSGIAdapter(BaseAdapter):
    """Answers requests by calling `app` in this thread. Mount it on a URL prefix of a `requests.Session`.

    `pass_time` is called with seconds when a fault takes time: the `advance` of a virtual clock, for example. Without
    it, no time passes, but a fault that outlasts the timeout of the client still raises ReadTimeout. With `now`, each
    reply has a Date, as servers add one (RFC 9110 section 6.6.1).
    """

    def __init__(
        self,
        app: WSGIApp,
        pass_time: Callable[[float], None] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__()
        self._replies = replies_of(app)
        self._pass_time = pass_time
        self._now = now

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - part of the adapter's signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Call the app. Raises what `requests` raises when the connection ends early or the answer takes too long."""
        url = urlsplit(str(request.url))
        body = body_bytes(request.body)
        headers = {name: header_text(value) for name, value in request.headers.items()}
        host = headers.pop("Host", url.netloc)
        environ = build_environ(str(request.method), url.path or "/", url.query, headers, body, host=host)
        caller_timeout = _CallerTimeout(read_timeout(timeout), self._pass_time)
        environ[WAIT_KEY] = caller_timeout.wait
        reply = self._replies(environ)
        if DRIP_KEY in environ:
            caller_timeout.wait(environ[DRIP_KEY].seconds)
        ending: ConnectionEnding | None = environ.get(ENDING_KEY)
        if ending is not None and ending.kind == "hang":
            caller_timeout.wait(ending.seconds)
        if caller_timeout.expired:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={caller_timeout.limit})", request=request)
        if ending is not None:
            raise _connection_error(ending, request)
        response = as_response(reply, request)
        if self._now is not None:
            response.headers.setdefault("Date", _http_date(int(self._now().timestamp())))
        return response

    def close(self) -> None:
        """Nothing to close."""


class InProcessSession(requests.Session):
    """A session for apps in this process: skips what only a network needs, and takes a third of the time.

    Calls that follow no redirects are prepared without cookies, proxies and URL checks; all others as usual. The app
    sees the same request either way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # passed through
        if options.get("allow_redirects", True) or options.keys() - _SUPPORTED_OPTIONS or not url.isascii():
            return super().request(method, url, **options)
        request = self._prepare(method, url, options)
        response = self.get_adapter(url).send(
            request, stream=bool(options.get("stream")), timeout=options.get("timeout")
        )
        for hook in self.hooks["response"]:
            response = hook(response) or response
        if not options.get("stream"):
            response.content  # noqa: B018 - reads it, as an ordinary session does
        return response

    def _prepare(self, method: str, url: str, options: Mapping[str, Any]) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = method.upper()
        request.url = f"{url}?{urlencode(options['params'], doseq=True)}" if options.get("params") else url
        session_headers: Mapping[str, Any] = self.headers
        request.headers = CaseInsensitiveDict(session_headers)
        request.headers.update(options.get("headers") or {})
        body = options.get("data")
        if options.get("json") is not None and not body:
            body = json.dumps(options["json"], allow_nan=False).encode()
            request.headers.setdefault("Content-Type", "application/json")
        request.body = body
        if body or request.method not in ("GET", "HEAD"):
            request.headers["Content-Length"] = str(len(body or b""))
        auth = options.get("auth")
        if auth is not None:
            (HTTPBasicAuth(*auth) if isinstance(auth, tuple) else auth)(request)
        return request


_SUPPORTED_OPTIONS = frozenset(
    {"params", "data", "json", "headers", "auth", "timeout", "allow_redirects", "stream", "verify"}
)


class _CallerTimeout:
    """How long the caller of one request still waits; None for ever."""

    def __init__(self, limit: float | None, pass_time: Callable[[float], None] | None) -> None:
        self.limit = limit
        self.expired = False
        self._left = limit
        self._pass_time = pass_time

    def wait(self, seconds: float) -> bool:
        """Let time pass, at most until the caller gives up. Returns False if it gave up."""
        if self._left is not None and seconds >= self._left:
            seconds, self.expired = self._left, True
        if self._left is not None:
            self._left -= seconds
        if self._pass_time is not None and seconds > 0:
            self._pass_time(seconds)
        return not self.expired


@lru_cache(maxsize=64)  # many replies in one second
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def as_response(reply: Reply, request: requests.PreparedRequest) -> requests.Response:
    """The response that `requests` would have built from a socket."""
    response = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(reply.body) if _is_plain(reply, request) else _socket_reader(reply, request)
    response.url = str(request.url)
    response.request = request
    return response


def _is_plain(reply: Reply, request: requests.PreparedRequest) -> bool:
    """Whether the body needs no socket reader: it is not truncated, compressed, or omitted."""
    if request.method == "HEAD" or reply.header("Content-Encoding") is not None:
        return False
    return reply.header("Content-Length") in (None, str(len(reply.body)))


def _socket_reader(reply: Reply, request: requests.PreparedRequest) -> HTTPResponse:
    """A reader that decompresses, and that detects a truncated body."""
    return HTTPResponse(
        body=io.BytesIO(b"" if request.method == "HEAD" else reply.body),
        headers=HTTPHeaderDict(reply.headers),
        status=reply.status,
        preload_content=False,
        request_method=request.method,  # the response to a HEAD has a length but no body
    )


def _connection_error(ending: ConnectionEnding, request: requests.PreparedRequest) -> requests.ConnectionError:
    cause: OSError = (
        ConnectionResetError(104, "Connection reset by peer")
        if ending.kind == "reset"
        else RemoteDisconnected("Remote end closed connection without response")
    )
    return requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)


def body_bytes(body: Any) -> bytes:
    """The body of a prepared request as bytes."""
    return body if isinstance(body, bytes) else str(body or "").encode()


def header_text(value: str | bytes) -> str:
    """The value of a request header as text."""
    return value.decode("latin-1") if isinstance(value, bytes) else value
