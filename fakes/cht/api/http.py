"""Requests as CHT's API reads them, and its replies (cht-core `api/src/server-utils.js`).

Error bodies depend on `Accept`: JSON only for clients that prefer it to plain text. Success bodies are always JSON.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from fakes.cht.errors import HttpError, Unauthorized
from fakes.cht.javascript import js
from fakes.serving.wsgi import Environ, Reply, environ_key, read_body

JSON_TYPE = "application/json; charset=utf-8"
PROMPT = 'Basic realm="Medic Web Services"'
FORCED_LOGIN = "login=force; Path=/; Secure; SameSite=Lax"
"""The cookie that makes the login page ask for a password even if there is a session."""
SLASHES = re.compile(r"/+")
MAX_BODY = 32 * 1024 * 1024
"""Maximum size of a request body in bytes, before and after decompression."""
T = TypeVar("T")


class Request:
    """One request. `path` has its repeated slashes collapsed; `url` is the path with the query.

    `negotiates` is whether `Accept` is read as a list of preferences, and not as one media type.
    """

    def __init__(self, environ: Environ, *, negotiates: bool = True) -> None:
        self._negotiates = negotiates
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        path = environ.get("PATH_INFO", "") or "/"
        self.path = SLASHES.sub("/", path.encode("latin-1", "replace").decode("utf-8", "replace"))
        self.raw_query: str = environ.get("QUERY_STRING", "")

    def header(self, name: str) -> str | None:
        """A header by its case-insensitive name, or None."""
        value = self.environ.get(environ_key(name))
        return str(value) if value not in (None, "") else None

    @property
    def url(self) -> str:
        """The path with the query."""
        return quote(self.path, safe="/:@!$&'()*+,;=~-._") + (f"?{self.raw_query}" if self.raw_query else "")

    @cached_property
    def query(self) -> Mapping[str, str | list[str]]:
        """Query parameters; a repeated one is a list."""
        return collect(parse_qsl(SLASHES.sub("/", self.raw_query), keep_blank_values=True))

    @cached_property
    def body(self) -> bytes:
        """The bytes of the body. Raises fakes.serving.wsgi.BodyTooLarge above the limit."""
        return read_body(self.environ, MAX_BODY)

    @property
    def has_body(self) -> bool:
        """Whether there is a body, possibly an empty one."""
        return self.header("Content-Length") is not None or self.header("Transfer-Encoding") is not None

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case; empty if there is none."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def address(self) -> str:
        """The client's address; `X-Forwarded-For` is trusted."""
        forwarded = self.header("X-Forwarded-For")
        return forwarded.partition(",")[0].strip() if forwarded else str(self.environ.get("REMOTE_ADDR", ""))

    @cached_property
    def basic_credentials(self) -> tuple[str, str] | None:
        """User name and password of the basic authentication header; None without a valid one."""
        header = self.header("Authorization") or ""
        if not header.startswith("Basic "):
            return None
        try:
            plain = base64.b64decode(header[6:].strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return None
        name, colon, password = plain.partition(":")
        return (name, password) if colon else None

    @cached_property
    def prefers_json(self) -> bool:
        """Whether the client prefers JSON to plain text. A client without a preference gets plain text."""
        accept = self.header("Accept")
        return prefers_json(accept) if self._negotiates else accept == "application/json"


def collect(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Form or query fields by name; a repeated name has a list."""
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        present = found.get(name)
        if present is None:
            found[name] = value
        elif isinstance(present, list):
            present.append(value)
        else:
            found[name] = [present, value]
    return found


def prefers_json(accept: str | None) -> bool:
    """Whether an `Accept` header prefers `application/json` to `text/plain`; text wins a tie."""
    return preferred(accept, (("text/plain", False), ("application/json", True))) == ("application/json", True)


def preferred(accept: str | None, offered: Sequence[tuple[str, T]]) -> tuple[str, T] | None:
    """The media type, with its value, that an `Accept` header prefers, or None. The first one wins a tie.

    Without the header everything is accepted.
    """
    if accept is None:
        return offered[0]
    ranges = [parsed for part in accept.split(",") if (parsed := _media_range(part)) is not None]
    ranked = [(rank, one) for one in offered if (rank := _rank(ranges, *one[0].split("/"))) is not None]
    return min(ranked, key=lambda entry: entry[0])[1] if ranked else None


def _media_range(part: str) -> tuple[str, str, float, bool] | None:
    """Type, subtype, quality and whether it has parameters."""
    name, *parameters = (piece.strip() for piece in part.split(";"))
    kind, slash, subtype = name.lower().partition("/")
    if not slash or not kind or not subtype:
        return None
    quality, others = 1.0, False
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
            break
        others = others or bool(parameter)
    return kind, subtype, quality, others


def _rank(ranges: list[tuple[str, str, float, bool]], kind: str, subtype: str) -> tuple[float, int, int] | None:
    """A sort key (best first) for the preference of a type; None if the type is not accepted."""
    best: tuple[int, float, int] | None = None
    for order, (accepted, accepted_sub, quality, others) in enumerate(ranges):
        if others or accepted not in (kind, "*") or accepted_sub not in (subtype, "*"):
            continue
        specificity = (4 if accepted == kind else 0) + (2 if accepted_sub == subtype else 0)
        found = (specificity, quality, order)
        if best is None or found > best:
            best = found
    if best is None or best[1] <= 0:
        return None
    return (-best[1], -best[0], best[2])


def json_reply(value: Any, status: int = 200, content_type: str = JSON_TYPE) -> Reply:
    """A JSON reply of the API: no spaces, no newline."""
    body = js.dumps(value).encode()
    return Reply(status, (("Content-Type", content_type), ("Content-Length", str(len(body)))), body)


def text_reply(text: str, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A plain text reply."""
    body = text.encode("utf-8", "replace")
    return Reply(status, (("Content-Type", "text/plain"), *headers, ("Content-Length", str(len(body)))), body)


def error_reply(request: Request, error: HttpError) -> Reply:
    """The reply to a request that failed, in the format that `Accept` prefers."""
    if isinstance(error, Unauthorized):
        return _not_logged_in(request, error.prompt)
    if request.prefers_json:
        value = {"code": error.status, "error": error.message}
        if error.details is not None:
            value["details"] = error.details
        return json_reply(value, error.status)
    message = error.message
    if js.truthy(error.details):
        message += ": " + js.dumps(error.details)
    return text_reply(message, error.status)


def _not_logged_in(request: Request, prompt: bool) -> Reply:
    """JSON for those who prefer it; else the login page for people, and a prompt for programs."""
    marked = (("logout-authorization", "CHT-Core API"),)
    if request.prefers_json and not prompt:
        reply = json_reply({"code": 401, "error": "unauthorized"}, 401)
        return Reply(401, (*marked, *reply.headers), reply.body)
    if not prompt and _counts_as_human(request.header("User-Agent")):
        return _to_login_page(request, marked)
    return text_reply("not logged in", 401, (*marked, ("WWW-Authenticate", PROMPT)))


def _to_login_page(request: Request, marked: tuple[tuple[str, str], ...]) -> Reply:
    where = "/medic/login?redirect=" + quote(request.url, safe="!'()*-._~")
    sentence = f"Found. Redirecting to {where}"
    accept = request.header("Accept")
    kinds = (("text/plain", sentence), ("text/html", f"<p>{escape(sentence)}</p>"))
    kind, text = preferred(accept, kinds) or (None, "")
    body = text.encode()
    typed = (("Content-Type", f"{kind}; charset=utf-8"),) if kind is not None else ()
    headers = (*marked, ("Set-Cookie", FORCED_LOGIN), ("Location", where), ("Vary", "Accept"), *typed)
    return Reply(302, (*headers, ("Content-Length", str(len(body)))), body)


def _counts_as_human(agent: str | None) -> bool:
    """Whether CHT takes a client for a browser: every client with a User-Agent, except the gateway and Collect apps."""
    if agent is None:
        return False
    return not (agent.startswith("Dalvik/") and ("medic.gateway" in agent or ".collect.android" in agent))
