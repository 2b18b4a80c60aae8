"""Addresses of webhook calls: which are valid, and how the engine writes them. Source: Go net/url, net/http."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from fakes.rapidpro.flows.engine.calls.exchange import Request

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)\Z", re.DOTALL)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^\[\]:/?#\\ \"<>^`{|}]*)(?::[0-9]*)?\Z")
_ENCODED_PATH = re.compile(r"[!-$&-;=@-\[\]_a-z~%]*\Z")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def written_url(url: str) -> str | None:
    """The address as the engine writes it: a path with blanks or other scripts is escaped. None if it is not valid."""
    if _CONTROL.search(url) or not url:
        return None
    before, hash_, fragment = url.partition("#")
    match = _SCHEME.match(before)
    scheme, rest = (match.group(1).lower(), match.group(2)) if match else ("", before)
    rest, question, query = rest.partition("?")
    authority = ""
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        path = slash + path
        if _HOST.match(authority.rpartition("@")[2]) is None or _BAD_ESCAPE.search(authority):
            return None
        authority = f"//{authority}"
    else:
        path = rest
        if not scheme and ":" in path.partition("/")[0]:
            return None
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        return None
    written = (f"{scheme}:" if scheme else "") + authority + _written_path(path) + question + query
    return written + (hash_ + _written_path(fragment) if fragment else "")


def _written_path(path: str) -> str:
    if _ENCODED_PATH.match(path):
        return path
    return quote(unquote_to_bytes(path), safe="$&+,/:;=@~-._")


def request_problem(request: Request, *, new: bool) -> str:
    """Why a request cannot be sent although its address is valid; "" if it can."""
    scheme, colon, rest = request.url.partition(":")
    bad = [name for name, value in request.headers.items() if _BAD_VALUE.search(value)]
    problem = ""
    if not colon or scheme not in ("http", "https"):
        problem = f'unsupported protocol scheme "{scheme if colon and "/" not in scheme else ""}"'
    elif not re.match(r"//[^/?#]", rest):
        problem = "http: no Host in request URL"
    elif bad:
        problem = f'net/http: invalid header field value for "{bad[0]}"'
    return f'{request.method.capitalize()} "{request.url}": {problem}' if problem and new else problem


def header_name(name: str) -> str:
    """A header's name as Go writes it: `content-type` becomes `Content-Type`."""
    return "-".join(part.capitalize() for part in name.split("-"))
