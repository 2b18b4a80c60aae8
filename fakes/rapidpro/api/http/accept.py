"""Which kind of answer a caller takes.

Source: Django REST framework's content negotiation (negotiation.py, utils/mediatypes.py): the most specific media
types of the Accept header are looked at first, among equal ones what is offered first wins, and `q` counts for
nothing. A suffix of the path, or else `format=`, leaves only one kind to offer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from types import MappingProxyType

JSON_KIND, HTML_KIND = "application/json", "text/html"
BOTH = (HTML_KIND, JSON_KIND)
FORMATS = MappingProxyType({"json": (JSON_KIND,), "api": (HTML_KIND,)})
MAX_INDENT = 8
NO_SUCH_FORMAT, NOT_ACCEPTABLE = 404, 406


@dataclass(frozen=True, slots=True)
class Kind:
    """What is answered: JSON, with so many blanks of indentation, or a page."""

    page: bool = False
    indent: int | None = None


JSON_ANSWER, PAGE_ANSWER = Kind(), Kind(page=True)


class NotAcceptable(Exception):
    """Nothing of what is offered can be answered; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def media_types_of(format_name: str | None) -> Sequence[str]:
    """Media types that a format leaves. Raises NotAcceptable for a format that is none."""
    if not format_name:
        return BOTH
    if format_name not in FORMATS:
        raise NotAcceptable(NO_SUCH_FORMAT)
    return FORMATS[format_name]


def choose(accept: str | None, kinds: Sequence[str]) -> Kind:
    """The kind of answer among those offered, best first. Raises NotAcceptable."""
    if accept is None or accept == "*/*":  # the usual cases, without anything to take apart
        return PAGE_ANSWER if kinds[0] == HTML_KIND else JSON_ANSWER
    if accept == JSON_KIND and kinds[-1] == JSON_KIND:
        return JSON_ANSWER
    asked = [_media_type(one.strip()) for one in accept.split(",")]
    for vagueness in range(4):
        for kind in kinds:
            for one in asked:
                if one.vagueness == vagueness and one.admits(kind):
                    return PAGE_ANSWER if kind == HTML_KIND else Kind(indent=one.indent)
    raise NotAcceptable(NOT_ACCEPTABLE)


@dataclass(frozen=True, slots=True)
class _MediaRange:
    main: str
    sub: str
    vagueness: int
    indent: int | None

    def admits(self, kind: str) -> bool:
        main, _, sub = kind.partition("/")
        return self.main in ("*", main) and self.sub in ("*", sub)


def _media_type(text: str) -> _MediaRange:
    name, _, rest = text.partition(";")
    main, _, sub = name.strip().lower().partition("/")
    given = _parameters(rest) if rest else {}
    vagueness = 3 if main == "*" else 2 if sub == "*" else 1 if set(given) <= {"q"} else 0
    return _MediaRange(main, sub, vagueness, _indent(given.get("indent")))


def _parameters(text: str) -> dict[str, str]:
    header = Message()
    header["Content-Type"] = f"text/plain; {text}".replace("\r", " ").replace("\n", " ")
    return {name.lower(): value for name, value in (header.get_params() or [])[1:] if value}


def _indent(text: str | None) -> int | None:
    try:
        return max(min(int(text or ""), MAX_INDENT), 0) or None
    except ValueError:
        return None


def matches(kind: str, content_type: str) -> bool:
    """Whether a body's content type, which may hold stars, admits a kind."""
    return _media_type(content_type).admits(kind)
