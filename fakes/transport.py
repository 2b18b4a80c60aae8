"""A `requests` transport adapter to a WSGI app: the same clients, the same URLs, no sockets.

Connection-level faults reach the client as the exceptions that `requests` raises on a real socket: the app raises
`Hangup` (see below), or the environ's `harness.connection` is told what to do.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict
from urllib3.response import HTTPResponse

from fakes.wsgi import Reply, WSGIApp, build_environ, call


class WSGIAdapter(BaseAdapter):
    """Answers requests by calling `app` in this thread. Mount it on a URL prefix of a `requests.Session`."""

    def __init__(self, app: WSGIApp) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - part of the adapter's signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Call the app; `timeout` is handed to it as `harness.timeout`, for faults that outlast it."""
        url = urlsplit(str(request.url))
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        headers = {name: _text(value) for name, value in request.headers.items()}
        host = headers.pop("Host", url.netloc)
        environ = build_environ(str(request.method), url.path or "/", url.query, headers, body, host=host)
        environ["harness.timeout"] = timeout[1] if isinstance(timeout, tuple) else timeout
        environ["harness.request"] = request
        return as_response(call(self._app, environ), request)

    def close(self) -> None:
        """Nothing is held open."""


def as_response(reply: Reply, request: requests.PreparedRequest) -> requests.Response:
    """The answer as `requests` would have built it from a socket."""
    response = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    body = b"" if request.method == "HEAD" else reply.body
    response.raw = HTTPResponse(
        body=io.BytesIO(body),
        headers=HTTPHeaderDict(reply.headers),
        status=reply.status,
        preload_content=False,
    )
    response.url = str(request.url)
    response.request = request
    return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
