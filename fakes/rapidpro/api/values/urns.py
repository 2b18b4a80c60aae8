"""URNs: normalization and validation.

Source: rapidpro temba/contacts/models.py (URN): telephone numbers in international form by the workspace's country,
other schemes by a pattern each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api.values.fields import Invalid, invalid, text

MAX_LENGTH = 255

_ANY = re.compile(r".+", re.S)
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"\s*[+-]?\d+(_\d+)*\s*")
_HEX = "[0-9a-fA-F]"
_UUID = f"{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
_HANDLE = re.compile(r"[a-zA-Z0-9_]{1,15}")
_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "mailto": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
        "telegram": _DIGITS,
        "facebook": re.compile(rf"ref:.*|{_NUMBER.pattern}", re.S),
        "twitterid": re.compile(r"\d+"),
        "twitter": _HANDLE,
        "viber": re.compile(r"[a-zA-Z0-9_=/+]{1,24}"),
        "whatsapp": _DIGITS,
        "freshchat": re.compile(f"{_UUID}/{_UUID}"),
        "discord": _NUMBER,
        "instagram": _DIGITS,
        **dict.fromkeys(("line", "wechat", "vk", "fcm", "jiochat", "rocketchat", "slack", "webchat", "ext"), _ANY),
        "deleted": _ANY,
    }
)
_SCHEMES = frozenset({"tel", *_PATTERNS})
_ESCAPES = (("#", "%23"), ("%", "%25"), ("?", "%3F"))


def check(value: Any, country: str, *, limited: bool = True) -> str:
    """A URN of a request, normalized. Raises Invalid.

    `country` is the workspace's, two letters, or empty; `limited`: the length is checked.
    """
    urn = value if isinstance(value, str) else _as_written(value)
    if not urn.strip():
        raise Invalid(["This field may not be blank."])
    normal = valid(urn, country)
    return text(normal, trim=False, limit=MAX_LENGTH if limited else None)  # refuses NUL and surrogates too


def valid(urn: str, country: str) -> str:
    """The normal form of a valid URN. Raises Invalid."""
    normal = (_valid if len(urn) <= MAX_LENGTH else _valid.__wrapped__)(urn, country)
    if normal is None:
        raise invalid(f"Invalid URN: {urn}. Ensure phone numbers contain country codes.")
    return normal


def _as_written(value: Any) -> str:
    if value is None:
        raise Invalid(["This field may not be null."])
    return str(value)


@lru_cache(maxsize=65536)
def _valid(urn: str, country: str) -> str | None:
    normal = normalize.__wrapped__(urn, country)
    return normal if normal is not None and _fits(normal, country) else None


@lru_cache(maxsize=65536)
def normalize(urn: str, country: str) -> str | None:
    """The normal form of a URN with its display name and query; None if the scheme is unknown or the path empty.

    The path is not validated: a URN to look up need not be valid (URN.normalize).
    """
    parts = _parts(urn)
    if parts is None:
        return None
    scheme, path, query, display = parts
    path = _path(scheme, path.strip(), country)
    if scheme == "twitterid":
        display = display.strip().lower().removeprefix("@")
    if not path:
        return None
    tail = (f"?{_escaped(query)}" if query else "") + (f"#{_escaped(display)}" if display else "")
    return f"{scheme}:{_escaped(path)}{tail}"


def _fits(normal: str, country: str) -> bool:
    """Whether the path of a normalized URN is valid for its scheme (URN.validate)."""
    parts = _parts(normal)
    if parts is None:
        return False
    scheme, path, _, display = parts
    if scheme == "tel":
        return _parsed(path, country) is not None
    return _PATTERNS[scheme].fullmatch(path) is not None and not (
        scheme == "twitterid" and display and not _HANDLE.fullmatch(display)
    )


def _parts(urn: str) -> tuple[str, str, str, str] | None:
    """Scheme, path, query and display name; None if there is no path or a separator is misplaced."""
    scheme, _, rest = urn.partition(":")
    address, _, display = rest.partition("#")
    path, _, query = address.partition("?")
    if scheme not in _SCHEMES or not path or "?" in query or "?" in display or "#" in display:
        return None
    return scheme, _unescaped(path), _unescaped(query), _unescaped(display)


def _escaped(text: str) -> str:
    return "".join(dict(_ESCAPES).get(char, char) for char in text) if set(text) & {"#", "%", "?"} else text


def _unescaped(text: str) -> str:
    for char, code in _ESCAPES:
        text = text.replace(code, char)
    return text


def _path(scheme: str, path: str, country: str) -> str:
    if scheme == "tel":
        return _number(path, country)
    if scheme == "twitter":
        return path.lower().removeprefix("@")
    return path.lower() if scheme == "mailto" else path


def _number(path: str, country: str) -> str:
    """The international form if there is one; else the cleaned number."""
    kept = path.lower()
    if kept.endswith(("e+11", "e+12")):  # how spreadsheets write long numbers
        kept = kept[:-4].replace(".", "")
    kept = re.sub(r"[^0-9a-z]", "", kept)
    number = kept
    if path.startswith("+") or (len(kept) >= 11 and not kept.startswith("0")):
        number = f"+{kept}"
    return _parsed(number, country) or kept


def _parsed(number: str, country: str) -> str | None:
    """A number in international form; None without a country, or if it is too short or too long for it."""
    import phonenumbers  # slow to load, and start-up time counts

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def display_number(path: str, country: str) -> str:
    """A number as written in that country; with its country code if it is from another."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(path, None)
    except phonenumbers.NumberParseException:
        return path
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if phonenumbers.region_code_for_number(parsed) == country:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
    return str(phonenumbers.format_number(parsed, style))
