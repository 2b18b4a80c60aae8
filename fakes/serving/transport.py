"""A `requests` transport adapter to a WSGI app: the same clients, the same URLs, no sockets.

Connection-level faults (`fakes.serving.connection`) reach the client as the exceptions that `requests` raises on a
real socket.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
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

from fakes.serving.connection import ENDING_KEY, WAIT_KEY, ConnectionEnding
from fakes.serving.wsgi import Reply, WSGIApp, build_environ, call


class WSGIAdapter(BaseAdapter):
    """Answers requests by calling `app` in this thread. Mount it on a URL prefix of a `requests.Session`.

    `pass_time` is called with seconds when a fault takes time: a virtual clock's `advance`, for example. Without it no
    time passes, but a fault that outlasts the client's timeout is still a ReadTimeout.
    """

    def __init__(self, app: WSGIApp, pass_time: Callable[[float], None] | None = None) -> None:
        super().__init__()
        self._app = app
        self._pass_time = pass_time

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
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        headers = {name: _text(value) for name, value in request.headers.items()}
        host = headers.pop("Host", url.netloc)
        environ = build_environ(str(request.method), url.path or "/", url.query, headers, body, host=host)
        patience = _Patience(_read_timeout(timeout), self._pass_time)
        environ[WAIT_KEY] = patience.wait
        reply = call(self._app, environ)
        ending: ConnectionEnding | None = environ.get(ENDING_KEY)
        if ending is not None and ending.kind == "hang":
            patience.wait(ending.seconds)
        if patience.lost:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={patience.limit})", request=request)
        if ending is not None:
            raise _broken_off(ending, request)
        return as_response(reply, request)

    def close(self) -> None:
        """Nothing is held open."""


class InProcessSession(requests.Session):
    """A session for apps in this process: leaves out what only a network needs, and so costs a third.

    Calls that follow no redirects are prepared without cookies, proxies and address checks; all others as usual. The
    app sees the same request either way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: str, url: str, **how: Any) -> requests.Response:  # type: ignore[override]  # passed on
        if how.get("allow_redirects", True) or how.keys() - _UNDERSTOOD or not url.isascii():
            return super().request(method, url, **how)
        request = self._prepared(method, url, how)
        response = self.get_adapter(url).send(request, stream=bool(how.get("stream")), timeout=how.get("timeout"))
        for hook in self.hooks["response"]:
            response = hook(response) or response
        if not how.get("stream"):
            response.content  # noqa: B018 - reads it, as a usual session does
        return response

    def _prepared(self, method: str, url: str, how: Mapping[str, Any]) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = method.upper()
        request.url = f"{url}?{urlencode(how['params'], doseq=True)}" if how.get("params") else url
        usual: Mapping[str, Any] = self.headers
        request.headers = CaseInsensitiveDict(usual)
        request.headers.update(how.get("headers") or {})
        body = how.get("data")
        if how.get("json") is not None and not body:
            body = json.dumps(how["json"], allow_nan=False).encode()
            request.headers.setdefault("Content-Type", "application/json")
        request.body = body
        if body or request.method not in ("GET", "HEAD"):
            request.headers["Content-Length"] = str(len(body or b""))
        auth = how.get("auth")
        if auth is not None:
            (HTTPBasicAuth(*auth) if isinstance(auth, tuple) else auth)(request)
        return request


_UNDERSTOOD = frozenset({"params", "data", "json", "headers", "auth", "timeout", "allow_redirects", "stream", "verify"})


class _Patience:
    """How long one request's caller still waits; None for ever."""

    def __init__(self, limit: float | None, pass_time: Callable[[float], None] | None) -> None:
        self.limit = limit
        self.lost = False
        self._left = limit
        self._pass_time = pass_time

    def wait(self, seconds: float) -> bool:
        """Let time pass, at most until the caller gives up; False if it gave up."""
        if self._left is not None and seconds >= self._left:
            seconds, self.lost = self._left, True
        if self._left is not None:
            self._left -= seconds
        if self._pass_time is not None and seconds > 0:
            self._pass_time(seconds)
        return not self.lost


def as_response(reply: Reply, request: requests.PreparedRequest) -> requests.Response:
    """The answer as `requests` would have built it from a socket."""
    response = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(reply.body) if _is_plain(reply, request) else _as_from_a_socket(reply, request)
    response.url = str(request.url)
    response.request = request
    return response


def _is_plain(reply: Reply, request: requests.PreparedRequest) -> bool:
    """Whether reading the body as it is gives what a socket's reader would: nothing cut off, packed, or left out."""
    if request.method == "HEAD" or reply.header("Content-Encoding") is not None:
        return False
    return reply.header("Content-Length") in (None, str(len(reply.body)))


def _as_from_a_socket(reply: Reply, request: requests.PreparedRequest) -> HTTPResponse:
    """A reader that unpacks, and that notices a body which ends too early."""
    return HTTPResponse(
        body=io.BytesIO(b"" if request.method == "HEAD" else reply.body),
        headers=HTTPHeaderDict(reply.headers),
        status=reply.status,
        preload_content=False,
        request_method=request.method,  # a HEAD answer tells a length and has no body
    )


def _broken_off(ending: ConnectionEnding, request: requests.PreparedRequest) -> requests.ConnectionError:
    cause: OSError = (
        ConnectionResetError(104, "Connection reset by peer")
        if ending.kind == "reset"
        else RemoteDisconnected("Remote end closed connection without response")
    )
    return requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)


def _read_timeout(timeout: Any) -> float | None:
    limit = timeout[1] if isinstance(timeout, tuple) else timeout
    return None if limit is None else float(limit)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
