"""Protects the control API from web pages: a browser must not control the fakes on behalf of a foreign page."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp


class LocalOnly:
    """Refuses requests whose Host (DNS rebinding) or Origin (a page from elsewhere) is not this machine."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        origin = environ.get("HTTP_ORIGIN")
        if not is_local(f"//{host}"):
            return _refusal(f"Host: expected localhost or a loopback address, got {host!r}").to_wsgi(start_response)
        if origin is not None and not is_local(origin):
            return _refusal(f"Origin: pages of {origin!r} may not control the fakes").to_wsgi(start_response)
        return self._app(environ, start_response)


def is_local(url: str) -> bool:
    """Whether the host of the URL is this machine, by name or address. Nobody can own `.test` names (RFC 6761)."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith((".localhost", ".test")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refusal(sentence: str) -> Reply:
    body = json.dumps({"error": sentence}).encode()
    return Reply.of(403, "application/json", body)
