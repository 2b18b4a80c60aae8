"""Whether what happened is what was expected."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2

UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_VOLATILE = re.compile(f"(?P<uuid>{UUID})|(?P<time>{TIME})")
_STAND_IN = re.compile("(<uuid>|<time>)")


class BadPattern(ValueError):
    """A pattern that is none."""


def text_fits(expected: Any, seen: str) -> bool:
    """Whether a text fits a matcher: exactly (with stand-ins), by what it contains, or by a pattern. BadPattern."""
    if isinstance(expected, Mapping):
        if "contains" in expected:
            return str(expected["contains"]) in seen
        return _pattern(str(expected["pattern"])).fullmatch(seen) is not None
    return expected == seen or ("<" in str(expected) and _with_stand_ins(str(expected)).fullmatch(seen) is not None)


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise BadPattern(f"the pattern {text!r} is not valid: {reason}") from None


@lru_cache(maxsize=256)
def _with_stand_ins(text: str) -> re.Pattern[str]:
    parts = {"<uuid>": UUID, "<time>": TIME}
    return re.compile("".join(parts.get(one) or re.escape(one) for one in _STAND_IN.split(text)), re.DOTALL)


def request_fits(expected: str, method: str, url: str) -> bool:
    """Whether a request fits `METHOD URL` with `*` and stand-ins; "" fits all."""
    return not expected or _request(expected).fullmatch(f"{method} {url}") is not None


@lru_cache(maxsize=256)
def _request(expected: str) -> re.Pattern[str]:
    parts = {"<uuid>": UUID, "<time>": TIME, "*": ".*"}
    pieces = re.split(r"(\*|<uuid>|<time>)", expected)
    return re.compile("".join(parts.get(one) or re.escape(one) for one in pieces), re.DOTALL)


def body_fits(expected: Any, seen: str) -> bool:
    """Whether a body fits: a text as it is; anything else is a part of its JSON."""
    if isinstance(expected, str) and text_fits(expected, seen):
        return True
    try:
        return part_fits(expected, json.loads(seen))
    except (ValueError, RecursionError):
        return False


def part_fits(expected: Any, seen: Any) -> bool:
    """Whether JSON holds what is expected: mappings may have more keys, all else is equal; texts by matchers."""
    if isinstance(expected, Mapping):
        if set(expected) in ({"contains"}, {"pattern"}) and isinstance(seen, str):
            return text_fits(expected, seen)
        return isinstance(seen, Mapping) and all(
            key in seen and part_fits(one, seen[key]) for key, one in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(seen, list) and len(expected) == len(seen) and all(map(part_fits, expected, seen))
    if isinstance(expected, str):
        return isinstance(seen, str) and text_fits(expected, seen)
    return (type(expected) is type(seen) and bool(expected == seen)) or _same_number(expected, seen)


def _same_number(expected: Any, seen: Any) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (expected, seen))
    return numbers and bool(expected == seen)


def with_stand_ins(value: Any) -> Any:
    """A value as a file may expect it: UUIDs and times are replaced by stand-ins."""
    if isinstance(value, str):
        return _VOLATILE.sub(lambda found: f"<{found.lastgroup}>", value)
    if isinstance(value, Mapping):
        return {key: with_stand_ins(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [with_stand_ins(one) for one in value]
    return value
