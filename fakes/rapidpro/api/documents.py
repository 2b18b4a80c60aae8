"""Pages that are no data: documentation, unknown paths, redirects."""

from __future__ import annotations

from html import escape

from fakes.rapidpro.api.wire import HTML
from fakes.rapidpro.profile import Profile
from fakes.wsgi import REASONS, Reply

OLD_NOT_FOUND = b"<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
NOT_FOUND = (
    b'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n'
    b"  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
)


def page(name: str, status: int) -> bytes:
    """A page that nobody parses."""
    sentence = "Documentation is on a real server." if status == 200 else REASONS.get(status, str(status))
    return f"<!doctype html><title>{escape(name)}</title><h1>{escape(name)}</h1><p>{escape(sentence)}</p>".encode()


def moved(path: str) -> tuple[int, str] | None:
    """Where a path leads that is not one of the API but near it."""
    if path == "/api/v2":
        return 301, "/api/v2/"
    if path == "/api":
        return 301, "/api/"
    return (302, "/api/v2/") if path == "/api/" else None


def redirect(status: int, location: str, profile: Profile) -> Reply:
    """A redirect as Django's common middleware (301) or the site's own view (302) makes it."""
    ambient = profile.ambient
    if status == 301:
        early = {"Content-Language", "X-Frame-Options"}
        ambient = tuple(pair for pair in ambient if pair[0] not in early)
    return Reply(
        status, (("Content-Type", HTML), ("Location", location), ("Vary", "Cookie"), *ambient, ("Content-Length", "0"))
    )


def not_found(profile: Profile) -> Reply:
    """The small page for everything unknown, for JSON clients too."""
    kind = HTML if profile.not_found_charset else "text/html"
    body = NOT_FOUND if profile.not_found_is_page else OLD_NOT_FOUND
    return Reply(404, (("Content-Type", kind), ("Vary", "Cookie"), *profile.ambient)).with_body(body)
