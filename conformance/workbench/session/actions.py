"""What somebody did: one request to the control API, or to a fake itself; as JSON, and made again."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakes.clock import format_moment, parse_moment
from fakes.serving.json_depth import is_too_deep
from fakes.serving.wsgi import Environ, build_environ

CONTROL = "control"
TARGETS = (CONTROL, "rapidpro", "cht")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
KEPT_HEADERS = ("content-type", "accept", "authorization")


class BadSession(ValueError):
    """A file that is no session; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Action:
    """One request: when (virtual time), to whom, and what. `headers` are those that matter, names in lower case."""

    at: datetime
    to: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_json(self) -> dict[str, Any]:
        """The body as JSON if it is JSON, else as text, else in base64."""
        parts: dict[str, Any] = {
            "at": format_moment(self.at), "to": self.to, "method": self.method, "path": self.path,
        }  # fmt: skip
        if self.query:
            parts["query"] = self.query
        if self.headers:
            parts["headers"] = dict(self.headers)
        return {**parts, **_body_json(self.body)}

    def environ(self, host: str) -> Environ:
        """The request as a server would hand it to an app."""
        path = "".join(char if char.isascii() and char not in "%?# " else _percent(char) for char in self.path)
        return build_environ(self.method, path, self.query, dict(self.headers), self.body, host=host)

    @classmethod
    def from_json(cls, row: Any, place: str) -> Action:
        """Read what `as_json` wrote. Raises BadSession."""
        if not isinstance(row, dict) or not set(row) <= KEYS:
            raise BadSession(f"{place}: expected an object with {', '.join(sorted(KEYS))}, got {str(row)[:80]}")
        if row.get("to") not in TARGETS or row.get("method") not in METHODS:
            raise BadSession(f"{place}: expected to: {', '.join(TARGETS)} and a method, got {str(row)[:80]}")
        path, query, headers = row.get("path"), row.get("query", ""), row.get("headers", {})
        if not isinstance(path, str) or not path.startswith("/") or not isinstance(query, str):
            raise BadSession(f"{place}: expected a path such as /faults, got {str(path)[:80]!r}")
        if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
            raise BadSession(f"{place}: headers: expected an object of texts, got {str(headers)[:80]}")
        try:
            at = parse_moment(row.get("at", ""))
        except (TypeError, ValueError) as problem:
            raise BadSession(f"{place}: at: {problem}") from None
        return cls(at, row["to"], row["method"], path, query, headers, _body_of(row, place))


KEYS = frozenset({"at", "to", "method", "path", "query", "headers", "json", "text", "base64"})


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("latin-1", "replace"))


def _body_json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    return {"text": text} if is_too_deep(found) else {"json": found}


def _body_of(row: Mapping[str, Any], place: str) -> bytes:
    kinds = [kind for kind in ("json", "text", "base64") if kind in row]
    if len(kinds) > 1:
        raise BadSession(f"{place}: expected one of json, text and base64, got {' and '.join(kinds)}")
    if not kinds:
        return b""
    value = row[kinds[0]]
    if kinds[0] == "json":
        return json.dumps(value).encode()
    try:
        return value.encode() if kinds[0] == "text" else base64.b64decode(value, validate=True)
    except (AttributeError, TypeError, UnicodeEncodeError, binascii.Error):
        raise BadSession(f"{place}: {kinds[0]} cannot be read: {str(value)[:80]!r}") from None
