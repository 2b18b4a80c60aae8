"""Which requests a fault is meant for."""

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

KEPT = "harness.fault_body"
LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Match:
    """All that is given must fit; nothing given fits every request.

    `method` without regard to case; `path` whole, with `*` for any text; `token` is the credential after `Token`, or
    the password of basic auth's `user:password` in base64, as sent; `to` a phone (or URN) that the request names;
    `text` a part of the SMS text in the request.
    """

    method: str | None = None
    path: str | None = None
    token: str | None = None
    to: str | None = None
    text: str | None = None

    @classmethod
    def parse(cls, given: Any) -> Match:
        """Raises FaultError for an unknown key or a value that is not a text."""
        if not isinstance(given, Mapping):
            raise FaultError(f"match: expected an object, got {given!r}")
        known = [item.name for item in fields(cls)]
        for key, value in given.items():
            if key not in known:
                raise unknown("key of match", key, known)
            if value is not None and (not isinstance(value, str) or not value):
                raise FaultError(f"match.{key}: expected a text, got {value!r}")
        return cls(**given)

    def fits(self, environ: Environ) -> bool:
        """Whether the request is meant. Cheap tests first: this runs for every request while faults are planned."""
        if self.method is not None and environ["REQUEST_METHOD"] != self.method.upper():
            return False
        if self.path is not None and not _same_path(self.path, environ["PATH_INFO"]):
            return False
        if self.token is not None and not _same_token(self.token, environ.get("HTTP_AUTHORIZATION", "")):
            return False
        if self.to is None and self.text is None:
            return True
        return self._names(environ) and self._says(environ)

    def as_json(self) -> dict[str, str]:
        """What was given, the token masked."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        shown = {name: value for name, value in given.items() if value is not None}
        return {**shown, "token": masked(shown["token"])} if "token" in shown else shown

    def _names(self, environ: Environ) -> bool:
        return self.to is None or bare(self.to) in {bare(phone) for phone in _phones(environ)}

    def _says(self, environ: Environ) -> bool:
        return self.text is None or any(self.text in text for text in _texts(_body(environ)))


def masked(token: str) -> str:
    """Enough of a token to tell it from others, not enough to use it."""
    return f"{token[:4]}…{token[-2:]}" if len(token) > 12 else "…"


def bare(phone: str) -> str:
    """A phone without the scheme of its URN: `tel:+250…` and `+250…` are the same phone."""
    return phone.removeprefix("tel:")


def _same_path(wanted: str, path: str) -> bool:
    return path == wanted or ("*" in wanted and fnmatchcase(path, wanted))


def _same_token(wanted: str, header: str) -> bool:
    credential = header.partition(" ")[2].strip() or header
    return hmac.compare_digest(wanted.encode(), credential.encode("utf-8", "surrogateescape"))


def _body(environ: Environ) -> Any:
    """The JSON of the request, parsed once; None if it is none."""
    if KEPT not in environ:
        try:
            environ[KEPT] = json.loads(read_body(environ, LIMIT))
        except (ValueError, RecursionError, BodyTooLarge):
            environ[KEPT] = None
    return environ[KEPT]


def _phones(environ: Environ) -> Iterator[str]:
    """Every phone that a request to either service names: recipients, senders, the URN asked for."""
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
            if isinstance(value, Mapping):  # RapidPro takes a text in several languages
                yield from (text for text in value.values() if isinstance(text, str))
            elif isinstance(value, str):
                yield value


def _parts(body: Any) -> Iterator[Mapping[str, Any]]:
    """The object itself and each of its messages (CHT's gateway sends lists of them)."""
    if isinstance(body, Mapping):
        yield body
        yield from (message for message in _list(body.get("messages")) if isinstance(message, Mapping))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
