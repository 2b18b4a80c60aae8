"""Which of a contact's addresses a message goes to, over which channel.

Source: mailroom core/models/channels.go and urns.go: the contact's first sendable URN; for a phone number the channels
of its country, among these the one whose number shares the longest beginning with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Protocol, TypeVar

import phonenumbers


class Sends(Protocol):
    """What is asked of a channel here."""

    @property
    def address(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def schemes(self) -> Iterable[str]: ...


AnyChannel = TypeVar("AnyChannel", bound=Sends)


def scheme_of(urn: str) -> str:
    """`tel` of `tel:+250788123123`."""
    return urn.partition(":")[0]


def path_of(urn: str) -> str:
    """The address itself: without scheme, query and display name."""
    path = urn.partition(":")[2]
    if "#" in path or "?" in path:
        path = path.partition("#")[0].partition("?")[0]
    return path


def identity_of(urn: str) -> str:
    """Scheme and path: what tells two URNs apart."""
    return f"{scheme_of(urn)}:{path_of(urn)}"


def channel_for(urn: str, channels: Iterable[AnyChannel]) -> AnyChannel | None:
    """The channel that can send to the URN; none if no channel can."""
    scheme, path = scheme_of(urn), path_of(urn)
    fitting = [channel for channel in channels if scheme in channel.schemes]
    if scheme == "tel":
        fitting = [channel for channel in fitting if not channel.country or in_country(path, channel.country)]
    return max(fitting, key=lambda channel: _shared(path, channel.address or ""), default=None)


def in_country(number: str, country: str) -> bool:
    """Whether a number in international form belongs to the country (two letters)."""
    code = _calling_code(country)
    if not number.startswith(f"+{code}"):
        return False
    if not _shares_code(code):
        return True
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
    return region is None or region == country


@cache
def _calling_code(country: str) -> int:
    return phonenumbers.country_code_for_region(country)


@cache
def _shares_code(code: int) -> bool:
    return len(phonenumbers.region_codes_for_country_code(code)) > 1


def _shared(first: str, second: str) -> int:
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return length
