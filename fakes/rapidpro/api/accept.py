"""Which kind of answer a caller takes.

Source: Django REST framework's content negotiation: the most specific media type of the Accept header decides; on a
path with `.json` only JSON is offered.
"""

from __future__ import annotations

import re

_INDENT = re.compile(r"indent=([0-9]{1,4})(?![0-9])")


def takes_json(accept: str | None) -> tuple[bool, int | None]:
    """Whether the Accept header admits JSON, and the indentation it asks for."""
    if not accept or accept == "*/*":
        return True, None
    for part in _most_specific_first(accept):
        kind, _, parameters = part.partition(";")
        if kind.strip().lower() in {"application/json", "application/*", "*/*"}:
            found = _INDENT.search(parameters)
            return True, (min(int(found[1]), 8) or None) if found else None
    return False, None


def prefers_json(accept: str | None, format_asked: str | None) -> bool | None:
    """Whether a documentation path answers JSON rather than its page; none if the caller takes neither."""
    if format_asked is not None:
        return True if format_asked == "json" else None
    for part in _most_specific_first(accept or "*/*"):
        kind = part.partition(";")[0].strip().lower()
        if kind in {"text/html", "text/*", "*/*"}:
            return False
        if kind in {"application/json", "application/*"}:
            return True
    return None


def _most_specific_first(accept: str) -> list[str]:
    parts = [part.strip() for part in accept.split(",")]
    return sorted(parts, key=_vagueness)


def _vagueness(part: str) -> int:
    kind, _, parameters = part.partition(";")
    main, _, sub = kind.partition("/")
    if main.strip() == "*":
        return 3
    if sub.strip() == "*":
        return 2
    return 0 if parameters and not parameters.strip().startswith("q=") else 1
