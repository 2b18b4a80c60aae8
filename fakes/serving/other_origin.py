"""Another origin that the same server answers: what a client sends there after a redirect, it sends to a stranger.

The name of the host differs, so that a client sees another origin; the path tells the server.
"""

from __future__ import annotations

from urllib.parse import quote

from fakes.serving.wsgi import Environ, Reply

ELSEWHERE = "elsewhere"
"""The name of the other origin in the ledger, and the first part of its paths."""
PREFIX = f"/{ELSEWHERE}/"
SAME_MACHINE = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def is_elsewhere(environ: Environ) -> bool:
    """Whether a request was made to the other origin."""
    return str(environ["PATH_INFO"]).startswith(PREFIX)


def answer() -> Reply:
    """What the other origin answers: not now."""
    return Reply.of(503, "text/plain", b"There is nothing here")


def moved(environ: Environ, *, elsewhere: bool) -> str:
    """The URL of a request at its own origin, or at the other one."""
    host = str(environ.get("HTTP_HOST") or environ["SERVER_NAME"])
    path = quote(str(environ["PATH_INFO"]).encode("latin-1"))
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    if elsewhere:
        host, path = _other(host), PREFIX + path.removeprefix("/")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{path}{query}"


def other_origin(origin: str) -> str:
    """The other origin of the server at `origin`, such as http://127.0.0.1:8080."""
    scheme, _, host = origin.partition("://")
    return f"{scheme}://{_other(host)}"


def _other(host: str) -> str:
    """Another name of this server. A name that nobody knows if it has only one: then nothing can be sent there."""
    name, colon, port = host.partition(":")
    return f"{SAME_MACHINE.get(name, f'{name}.{ELSEWHERE}')}{colon}{port}"
