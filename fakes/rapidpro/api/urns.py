"""URNs: how they are brought into their usual form, and which are none.

Source: rapidpro temba/contacts/models.py (URN): telephone numbers in international form by the workspace's country,
other schemes by a pattern each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api.fields import Invalid, invalid, text

MAX_LENGTH = 255

_ANY = re.compile(r".+", re.S)
_DIGITS = re.compile(r"[0-9]+")
_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "tel": _ANY,
        "mailto": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
        "telegram": _DIGITS,
        "facebook": re.compile(r"(ref:)?\w+"),
        "twitterid": _DIGITS,
        "twitter": re.compile(r"[a-zA-Z0-9_]{1,15}"),
        "viber": re.compile(r"[a-zA-Z0-9_=/+]{1,24}"),
        "line": re.compile(r"[a-zA-Z0-9_]{1,36}"),
        "whatsapp": _DIGITS,
        "wechat": _ANY,
        "vk": _DIGITS,
        "fcm": _ANY,
        "freshchat": _ANY,
        "discord": _DIGITS,
        "instagram": _DIGITS,
        "jiochat": _ANY,
        "rocketchat": _ANY,
        "slack": _ANY,
        "webchat": _ANY,
        "ext": _ANY,
    }
)


def check(value: Any, country: str, *, limited: bool = True) -> str:
    """A URN of a request in its usual form. Raises Invalid.

    `country` is the workspace's, two letters, or empty; `limited`: the length is checked.
    """
    given = value if isinstance(value, str) else _as_written(value)
    if not given.strip():
        raise Invalid(["This field may not be blank."])
    normal = normalize(given, country) if len(given) <= MAX_LENGTH else normalize.__wrapped__(given, country)
    if normal is None:
        raise invalid(f"Invalid URN: {given}. Ensure phone numbers contain country codes.")
    return text(normal, trim=False, limit=MAX_LENGTH if limited else None)  # refuses NUL and surrogates too


def _as_written(value: Any) -> str:
    if value is None:
        raise Invalid(["This field may not be null."])
    return str(value)


@lru_cache(maxsize=65536)
def normalize(urn: str, country: str) -> str | None:
    """The usual form of a URN, display name and query kept; none if it is none."""
    scheme, colon, rest = urn.partition(":")
    if not colon or scheme not in _PATTERNS:
        return None
    mark = re.search(r"[?#]", rest)
    path, tail = (rest[: mark.start()], rest[mark.start() :]) if mark else (rest, "")
    path = _path(scheme, path.strip(), country)
    if not path or not _PATTERNS[scheme].fullmatch(path) or (scheme == "tel" and not is_possible(path)):
        return None
    return f"{scheme}:{path}{tail}"


def _path(scheme: str, path: str, country: str) -> str:
    if scheme == "tel":
        return _number(path, country)
    if scheme == "twitter":
        return path.lower().removeprefix("@")
    return path.lower() if scheme == "mailto" else path


def _number(path: str, country: str) -> str:
    """International form if it can be had; else what was left after cleaning."""
    import phonenumbers  # takes a while to load, and start-up counts

    kept = re.sub(r"[^0-9a-z]", "", path.lower())
    number = kept
    if path.startswith("+") or (len(kept) >= 11 and not kept.startswith("0")):
        number = f"+{kept}"
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return number
    if phonenumbers.is_possible_number(parsed):
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return number


def is_possible(path: str) -> bool:
    """Whether a number has a country code and a length that its country uses."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(path, None)))
    except phonenumbers.NumberParseException:
        return False


def display_number(path: str, country: str) -> str:
    """A number as people of that country write it; with its country code for others."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(path, None)
    except phonenumbers.NumberParseException:
        return path
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if phonenumbers.region_code_for_number(parsed) == country:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
    return str(phonenumbers.format_number(parsed, style))
