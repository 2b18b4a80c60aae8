"""Which kind of answer a caller accepts.

Source: Django REST framework's content negotiation (negotiation.py, utils/mediatypes.py): the most specific media
types of the Accept header are tried first, among equal ones the first kind on offer wins, and `q` is ignored. A suffix
of the path, or else `format=`, leaves only one kind on offer.
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
    """The kind of an answer: JSON, indented by so many blanks, or an HTML page."""

    page: bool = False
    indent: int | None = None


JSON_ANSWER, PAGE_ANSWER = Kind(), Kind(page=True)


class NotAcceptable(Exception):
    """The caller accepts no kind on offer; `status` is the answer's: 404 for an unknown format, else 406."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def media_types_of(format_name: str | None) -> Sequence[str]:
    """The media types on offer for a `format=`. Raises NotAcceptable for an unknown format."""
    if not format_name:
        return BOTH
    if format_name not in FORMATS:
        raise NotAcceptable(NO_SUCH_FORMAT)
    return FORMATS[format_name]


def choose(accept: str | None, kinds: Sequence[str]) -> Kind:
    """The kind of answer among those on offer, best first. Raises NotAcceptable."""
    if accept is None or accept == "*/*":  # the usual cases, without parsing
        return PAGE_ANSWER if kinds[0] == HTML_KIND else JSON_ANSWER
    if accept == JSON_KIND and kinds[-1] == JSON_KIND:
        return JSON_ANSWER
    ranges = [_media_type(one.strip()) for one in accept.split(",")]
    for vagueness in range(4):
        for kind in kinds:
            for one in ranges:
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
    parameters = _parameters(rest) if rest else {}
    vagueness = 3 if main == "*" else 2 if sub == "*" else 1 if set(parameters) <= {"q"} else 0
    return _MediaRange(main, sub, vagueness, _indent(parameters.get("indent")))


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
    """Whether a body's content type, which may have wildcards, admits a kind."""
    return _media_type(content_type).admits(kind)
