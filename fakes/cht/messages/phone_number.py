"""Normalised phone numbers: E.164 if the number is valid, else nothing.

Source: cht-core shared-libs/phone-number/src/phone-number.js (libphonenumber with the region of
`default_country_code`; `phone_validation`: full check, `partial` or `none`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from fakes.cht.javascript import js

LETTER = re.compile(r"[a-z]", re.IGNORECASE)
WORLD = "001"
"""The region of codes without a country."""
PLUS = ("+", "\uff0b")
COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,2}")


def normalize(settings: Mapping[str, Any], phone: Any) -> str | Literal[False]:
    """The number in E.164 (a valid short number as it is dialled), or False if it is invalid.

    Letters make any number invalid, so that `tel:` URNs stay unchanged. Only strings can be normalised.
    """
    if not isinstance(phone, str) or LETTER.search(phone):
        return False
    region = _region(settings.get("default_country_code"))
    return _normalized(phone, region, str(settings.get("phone_validation") or "").lower())


@lru_cache(maxsize=4096)  # each poll of a gateway normalises the same few numbers
def _normalized(phone: str, region: str | None, validation: str) -> str | Literal[False]:
    if region in (None, WORLD) and not phone.startswith(PLUS):
        return False  # the original checks for the plus before it trims
    try:
        parsed = phonenumbers.parse(phone, region, keep_raw_input=True)
    except NumberParseException:
        return False
    if not _is_valid(parsed, validation):
        return False
    short = phonenumbers.is_valid_short_number(parsed)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL if short else PhoneNumberFormat.E164)


def _region(country_code: Any) -> str | None:
    """The main region of a country code, a number or a string: digits only, no sign, space or leading zero."""
    text = js.string(country_code)
    if not COUNTRY_CODE.fullmatch(text):
        return None
    region = phonenumbers.region_code_for_country_code(int(text))
    return None if region == phonenumbers.UNKNOWN_REGION else region


def _is_valid(parsed: phonenumbers.PhoneNumber, validation: str) -> bool:
    if validation == "none":
        return True
    if validation == "partial":
        return phonenumbers.is_possible_number(parsed)
    return phonenumbers.is_valid_number(parsed)
