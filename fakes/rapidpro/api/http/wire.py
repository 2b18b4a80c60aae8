"""The API's requests and answers: what a handler gets, and how an answer becomes bytes and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fakes.rapidpro.store.rows import Token, User, Workspace
from fakes.serving.wsgi import Environ, Reply

JSON = "application/json"
HTML = "text/html; charset=utf-8"
_PLAIN = re.compile(r"[a-z_]+=[\w.:-]*(&[a-z_]+=[\w.:-]*){0,20}", re.ASCII)
_ASCII = json.JSONEncoder(separators=(",", ":"), check_circular=False)  # answers are made from rows: trees
_UNICODE = json.JSONEncoder(separators=(",", ":"), check_circular=False, ensure_ascii=False)
SERVER_ERROR = b"Server Error. Site administrators have been notified."


class ApiError(Exception):
    """An error answer; `payload` is its JSON."""

    def __init__(self, status: int, payload: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.payload = payload
        self.headers = headers


class ServerError(Exception):
    """RapidPro fails: 500 with a plain sentence."""


def detail(status: int, text: str) -> ApiError:
    """An error that is not about a field."""
    return ApiError(status, {"detail": text})


def field_errors(errors: Mapping[str, Any]) -> ApiError:
    """Errors by field."""
    return ApiError(400, dict(errors))


def non_field_error(text: str) -> ApiError:
    """An error of a rule over several fields."""
    return ApiError(400, {"non_field_errors": [text]})


@dataclass(slots=True)
class Call:
    """One request, as handlers see it. `workspace`, `user` and `token` are None if there is no token."""

    environ: Environ
    method: str
    path: str
    query: Mapping[str, str]
    workspace: Workspace | None = None
    user: User | None = None
    token: Token | None = None
    read: Any = None
    """The parsed body, or the ApiError that `body` raises."""

    @property
    def body(self) -> Any:
        """The parsed body. An invalid one raises ApiError only when it is read, which some endpoints do late."""
        if isinstance(self.read, ApiError):
            raise self.read
        return self.read

    @property
    def token_name(self) -> str | None:
        """The name of the token, not its key."""
        return None if self.token is None else self.token.name

    @property
    def base_url(self) -> str:
        """Scheme and host as in the request."""
        scheme = self.environ.get("HTTP_X_FORWARDED_PROTO") or self.environ["wsgi.url_scheme"]
        return f"{scheme}://{self.environ.get('HTTP_HOST') or self.environ['SERVER_NAME']}"

    def url_with_cursor(self, cursor: str) -> str:
        """This request's URL with another cursor; parameters in alphabetical order."""
        pairs = dict(parse_lists(self.environ.get("QUERY_STRING", "")))
        pairs["cursor"] = [cursor]
        query = urlencode(sorted(pairs.items()), doseq=True)
        return f"{self.base_url}{quote(self.path, safe='/~:@!$&()*+,;=')}?{query}"


def parse_query(query: str) -> dict[str, str]:
    """The parameters; the last value of a repeated one counts."""
    if not query:
        return {}
    if _PLAIN.fullmatch(query):  # the usual case, without anything to decode
        return dict(pair.split("=") for pair in query.split("&"))
    try:
        return dict(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=1000))
    except ValueError:
        raise detail(400, "Bad Request") from None


def parse_lists(query: str) -> dict[str, list[str]]:
    """The parameters with all their values."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        found.setdefault(name, []).append(value)
    return found


def moment(value: datetime | None) -> str | None:
    """A time as the API writes it: UTC, six decimals, none for a whole second."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def to_json(value: Any, *, ascii_only: bool, indent: int | None = None) -> bytes:
    """JSON as the API writes it; Unicode line separators are escaped for JavaScript. Raises ServerError."""
    if indent is None:
        text = (_ASCII if ascii_only else _UNICODE).encode(value)
    else:
        text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ": "), indent=indent)
    if not ascii_only:
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which RapidPro cannot write either
        raise ServerError from None


def server_error(headers: tuple[tuple[str, str], ...]) -> Reply:
    """The answer when RapidPro fails."""
    return Reply(500, (("Content-Type", HTML), *headers)).with_body(SERVER_ERROR)
