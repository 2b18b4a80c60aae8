"""The parts of URNs, and the channel that sends to one.

Source: goflow core/channel.go (GetForURN), gocommon i18n/country.go: for a phone number the channel of its country
whose own number shares the longest prefix with it. gocommon urns/phone.go: numbers and short codes; the handlers of
courier for aggregators take both, and no named senders in any version (handlers/utils.go until v9.1.33, then
`ParsePhone` without sender ids).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Protocol, TypeVar

import phonenumbers

SHORT_CODE = re.compile("[1-9][0-9]{2,5}")
NOT_OF_A_NUMBER = re.compile("[^0-9A-Za-z]")
LONG_WITHOUT_PLUS = 11
LONG_WITH_PLUS = 7
"""Longer numbers keep the `+` they came with."""


class SendingChannel(Protocol):
    """What a channel must provide here."""

    @property
    def address(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def schemes(self) -> Iterable[str]: ...


AnyChannel = TypeVar("AnyChannel", bound=SendingChannel)


def scheme_of(urn: str) -> str:
    """The scheme: `tel` in `tel:+250788123123`."""
    return urn.partition(":")[0]


def path_of(urn: str) -> str:
    """The path: the address without scheme, query and display name."""
    path = urn.partition(":")[2]
    if "#" in path or "?" in path:
        path = path.partition("#")[0].partition("?")[0]
    return path


def identity_of(urn: str) -> str:
    """Scheme and path, which identify a URN."""
    return f"{scheme_of(urn)}:{path_of(urn)}"


def channel_for(urn: str, channels: Iterable[AnyChannel]) -> AnyChannel | None:
    """The channel that can send to the URN, or None."""
    scheme, path = scheme_of(urn), path_of(urn)
    candidates = [channel for channel in channels if scheme in channel.schemes]
    if scheme != "tel":
        return candidates[0] if candidates else None
    candidates = [channel for channel in candidates if not channel.country or serves_number(channel.country, path)]
    # Of several equally good ones mailroom takes the last, but the recordings (made without it) have the first.
    return max(candidates, key=lambda channel: _shared(path, channel.address or ""), default=None)


def country_of(number: str) -> str:
    """The country of an international number; "" if it is none."""
    return _region_of(number) or ""


def international_number(number: str, country: str) -> str | None:
    """A phone number with `+` and country code; None if it is not one. `country`: of numbers without it, or empty."""
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if possible else None


def short_code(number: str, country: str) -> str | None:
    """A short code as its sender's URN has it, such as 60396; None if it is not one.

    One that is known in the country, or else any 3 to 6 digits that do not begin with 0.
    """
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_short_number_for_region(parsed, country):
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    return number if SHORT_CODE.fullmatch(number) else None


def sender_number(text: str, country: str, *, all_digits: bool) -> str | None:
    """The number of an incoming text's sender, or a short code; None if it is neither.

    `all_digits`: digits that are neither are taken as they are. A `+` is added to what is long enough for one.
    """
    number = ("+" if text.strip().startswith("+") else "") + NOT_OF_A_NUMBER.sub("", text)
    if number[:1].isdigit() and len(number) >= LONG_WITHOUT_PLUS and not number.startswith("0"):
        number = "+" + number
    found = international_number(number, country) or short_code(number, country)
    return digits_as_they_are(number) if found is None and all_digits else found


def digits_as_they_are(number: str) -> str | None:
    """A sender of digits, without its `+` if it is short; None for any other, or if it is no integer of 64 bits."""
    bare = number.removeprefix("+")
    if not (bare.isascii() and bare.isdigit() and int(bare) < 1 << 63):
        return None
    return number if len(number) > LONG_WITH_PLUS else bare


def serves_number(country: str, number: str) -> bool:
    """Whether a channel of a country (two letters) serves a number: one of that country, or of no country."""
    code = _calling_code(country)
    if number.startswith(f"+{code}") and not _shares_code(code):
        return True
    region = _region_of(number)
    return region is None or not region.isalpha() or region == country


@lru_cache(maxsize=4096)
def _region_of(number: str) -> str | None:
    """The region of an international number, two letters or 001; None if it has none or is no number."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None
    return None if region is None else str(region)


@cache
def _calling_code(country: str) -> int:
    return phonenumbers.country_code_for_region(country)


@cache
def _shares_code(code: int) -> bool:
    return len(phonenumbers.region_codes_for_country_code(code)) > 1


def _shared(number: str, address: str) -> int:
    length = 0
    for a, b in zip(number.removeprefix("+"), address.removeprefix("+"), strict=False):
        if a != b:
            break
        length += 1
    return length
