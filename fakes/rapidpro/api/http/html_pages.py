"""HTML pages: documentation, unknown paths, redirects."""

from __future__ import annotations

from html import escape
from types import MappingProxyType

from fakes.rapidpro.api.http.wire import HTML
from fakes.rapidpro.versions.profile import Profile
from fakes.rapidpro.versions.profile_values import Headers
from fakes.serving.wsgi import STATUS_LINES, Reply

OLD_NOT_FOUND = b"<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
NOT_FOUND = (
    b'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n'
    b"  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
)
SLASHED = MappingProxyType({"/api": "/api/", "/api/v2": "/api/v2/"})
REDIRECTED = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""Methods that Django's RedirectView accepts."""


def page(name: str, status: int) -> bytes:
    """A placeholder page, which no client parses."""
    sentence = "Documentation is on a real server." if status == 200 else STATUS_LINES.get(status, str(status))
    return f"<!doctype html><title>{escape(name)}</title><h1>{escape(name)}</h1><p>{escape(sentence)}</p>".encode()


def redirect(path: str, method: str, profile: Profile) -> Reply | None:
    """The redirect from a path above the API to the API; None for other paths."""
    if path in SLASHED:
        # Django's common middleware answers before those that add these two
        late = tuple(pair for pair in profile.common_headers if pair[0] not in ("Content-Language", "X-Frame-Options"))
        return _moved(301, SLASHED[path], late)
    if path != "/api/":
        return None
    if method not in REDIRECTED:
        head = (("Content-Type", HTML), ("Allow", ", ".join(REDIRECTED)), ("Vary", "Cookie"), *profile.common_headers)
        return Reply(405, (*head, ("Content-Length", "0")))
    return _moved(302, "/api/v2/", profile.common_headers)


def _moved(status: int, location: str, common_headers: Headers) -> Reply:
    head = (
        ("Content-Type", HTML),
        ("Location", location),
        ("Vary", "Cookie"),
        *common_headers,
        ("Content-Length", "0"),
    )
    return Reply(status, head)


def not_found(profile: Profile) -> Reply:
    """The 404 page for unknown paths, for JSON clients too."""
    kind = HTML if profile.not_found_charset else "text/html"
    body = NOT_FOUND if profile.not_found_is_page else OLD_NOT_FOUND
    return Reply(404, (("Content-Type", kind), ("Vary", "Cookie"), *profile.common_headers)).with_body(body)
