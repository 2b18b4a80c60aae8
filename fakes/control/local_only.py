"""Keeps web pages away from the control API: a browser must not drive the fakes for a stranger."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp


class LocalOnly:
    """Refuses requests whose Host (DNS rebinding) or Origin (a page elsewhere) is not this machine's."""

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
    """Whether the URL's host is this machine, by name or address. `.test` names belong to nobody (RFC 6761)."""
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
    return Reply(403, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)
