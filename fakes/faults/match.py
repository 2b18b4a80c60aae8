"""Which requests a fault applies to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from fakes.faults.errors import FaultError, unknown
from fakes.serving.wsgi import BodyTooLarge, Environ, read_body

PARSED_BODY_KEY = "harness.fault_body"
BODY_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Match:
    """A request matches if all fields that are not None match it.

    `method` in any case; `path` the whole path, with `*` for any text; `token` the credential after `Token`, or the
    `user:password` of basic auth in base64, as sent; `to` a phone number (or URN) that the request names; `text` a
    part of the SMS text in the request.
    """

    method: str | None = None
    path: str | None = None
    token: str | None = None
    to: str | None = None
    text: str | None = None

    @classmethod
    def parse(cls, data: Any) -> Match:
        """A match from its JSON. Raises FaultError for an unknown key or a value that is not a text."""
        if not isinstance(data, Mapping):
            raise FaultError(f"match: expected an object, got {data!r}")
        known = [item.name for item in fields(cls)]
        for key, value in data.items():
            if key not in known:
                raise unknown("key of match", key, known)
            if value is not None and (not isinstance(value, str) or not value):
                raise FaultError(f"match.{key}: expected a text, got {value!r}")
        return cls(**data)

    def matches(self, environ: Environ) -> bool:
        """Whether the request matches. Cheap tests first: this runs for every request while faults are planned."""
        if self.method is not None and environ["REQUEST_METHOD"] != self.method.upper():
            return False
        if self.path is not None and not _same_path(self.path, environ["PATH_INFO"]):
            return False
        if self.token is not None and not _same_token(self.token, environ.get("HTTP_AUTHORIZATION", "")):
            return False
        if self.to is None and self.text is None:
            return True
        return self._matches_phone(environ) and self._matches_text(environ)

    def as_json(self) -> dict[str, str]:
        """Its JSON again, without what is None; the token is masked."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        shown = {name: value for name, value in values.items() if value is not None}
        return {**shown, "token": mask(shown["token"])} if "token" in shown else shown

    def _matches_phone(self, environ: Environ) -> bool:
        return self.to is None or without_scheme(self.to) in {without_scheme(phone) for phone in _phones(environ)}

    def _matches_text(self, environ: Environ) -> bool:
        return self.text is None or any(self.text in text for text in _texts(_body(environ)))


def mask(token: str) -> str:
    """Enough of a token to distinguish it from others, not enough to use it."""
    return f"{token[:4]}…{token[-2:]}" if len(token) > 12 else "…"


def without_scheme(phone: str) -> str:
    """A phone number without the scheme of a URN: `tel:+250…` and `+250…` are the same number."""
    return phone.removeprefix("tel:")


def _same_path(pattern: str, path: str) -> bool:
    return path == pattern or ("*" in pattern and fnmatchcase(path, pattern))


def _same_token(expected: str, header: str) -> bool:
    credential = header.partition(" ")[2].strip() or header
    return hmac.compare_digest(expected.encode(), credential.encode("utf-8", "surrogateescape"))


def _body(environ: Environ) -> Any:
    """The JSON of the request, parsed once; None if it is not JSON."""
    if PARSED_BODY_KEY not in environ:
        try:
            environ[PARSED_BODY_KEY] = json.loads(read_body(environ, BODY_LIMIT))
        except (ValueError, RecursionError, BodyTooLarge):
            environ[PARSED_BODY_KEY] = None
    return environ[PARSED_BODY_KEY]


def _phones(environ: Environ) -> Iterator[str]:
    """Every phone number in a request to either service: recipients, senders, the URN of a query."""
    for key, value in parse_qsl(environ.get("QUERY_STRING", "")):
        if key == "urn":
            yield value
    for part in _parts(_body(environ)):
        yield from (urn for urn in _list(part.get("urns")) if isinstance(urn, str))
        yield from (part[key] for key in ("from", "to", "urn", "phone") if isinstance(part.get(key), str))


def _texts(body: Any) -> Iterator[str]:
    for part in _parts(body):
        for key in ("text", "content", "message"):
            value = part.get(key)
            if isinstance(value, Mapping):  # RapidPro accepts a text in several languages
                yield from (text for text in value.values() if isinstance(text, str))
            elif isinstance(value, str):
                yield value


def _parts(body: Any) -> Iterator[Mapping[str, Any]]:
    """The object itself and each of its messages (gateways send CHT lists of them)."""
    if isinstance(body, Mapping):
        yield body
        yield from (message for message in _list(body.get("messages")) if isinstance(message, Mapping))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
