"""Protects the control API from web pages: a browser must not control or read the fakes on behalf of a foreign page.

Four things are looked at, because browsers differ in what they send: `Host` (another name for this machine, by DNS
rebinding), `Origin`, `Sec-Fetch-Site`, and the content type. A form of a foreign page can send three content types
only (https://fetch.spec.whatwg.org/#cors-safelisted-request-header); for any other a browser asks first, and the
control API permits nobody. Programs send neither `Origin` nor `Sec-Fetch-Site`, and are served; some call JSON a form.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from fakes.serving.wsgi import BodyTooLarge, Environ, Reply, StartResponse, WSGIApp, read_body

HEADERS = (
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
)
"""What every answer carries: no other site may embed, frame or read it, and our own page loads nothing else."""
PAGE = "/page"
"""The one path to which another page may link: a person who follows the link sees the page, the other page does not."""
OWN_SITES = ("same-origin", "none")
"""Values of Sec-Fetch-Site: a request of our own page, and an address that somebody typed."""
READING = ("GET", "HEAD", "OPTIONS")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
"""What `curl -d` and urllib call any body. A form of a page is never JSON: it would be encoded."""
READ_LIMIT = 64 * 1024 * 1024


class LocalOnly:
    """Answers requests of this machine's programs and of its own page; refuses those of other pages with 403.

    Below the path `form_calls` programs may send forms: there is what other services call, in their own formats.
    """

    def __init__(self, app: WSGIApp, form_calls: str = "") -> None:
        self._app = app
        self._form_calls = form_calls

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def protected(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, *HEADERS], *rest)

        sentence = _foreign(environ) or self._not_json(environ)
        return self._app(environ, protected) if sentence is None else _refusal(sentence).to_wsgi(protected)

    def _not_json(self, environ: Environ) -> str | None:
        """Why a request that changes something is refused for its content type; None if it is not."""
        given = str(environ.get("CONTENT_TYPE") or "")
        kind = given.partition(";")[0].strip().lower()
        if environ["REQUEST_METHOD"] in READING or kind == JSON:
            return None
        from_program = "HTTP_ORIGIN" not in environ and "HTTP_SEC_FETCH_SITE" not in environ
        if from_program and self._form_calls and str(environ["PATH_INFO"]).startswith(self._form_calls):
            return None
        if not kind and (from_program or not _has_body(environ)):
            return None
        if kind == FORM and from_program and _is_json(environ):
            return None
        return f"Content-Type: expected {JSON}, got {given or 'none'!r}"


def _foreign(environ: Environ) -> str | None:
    """Why a request is not one of this machine; None if it is."""
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if not is_local(f"//{host}"):
        return f"Host: expected localhost or a loopback address, got {host!r}"
    if origin is not None and not is_local(origin):
        return f"Origin: pages of {origin!r} may not control the fakes"
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None and site not in OWN_SITES and not _follows_link(environ):
        return f"Sec-Fetch-Site: expected {' or '.join(OWN_SITES)}, got {site!r}: another page may not use the fakes"
    return None


def _follows_link(environ: Environ) -> bool:
    """Whether a person follows a link of another page to the workbench, in a window of its own."""
    wanted = ("GET", PAGE, "navigate", "document")
    keys = ("REQUEST_METHOD", "PATH_INFO", "HTTP_SEC_FETCH_MODE", "HTTP_SEC_FETCH_DEST")
    return tuple(environ.get(key) for key in keys) == wanted


def _is_json(environ: Environ) -> bool:
    try:
        return read_body(environ, READ_LIMIT).lstrip()[:1] in (b"{", b"[")
    except BodyTooLarge:
        return False


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


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
    return Reply.of(403, JSON, body)
