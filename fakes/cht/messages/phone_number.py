"""How CHT writes a phone number: E.164 where the number passes the check, else nothing.

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
"""The region of codes that belong to no country."""
PLUS = ("+", "\uff0b")
COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,2}")


def normalize(settings: Mapping[str, Any], phone: Any) -> str | Literal[False]:
    """The number in E.164 (a valid short number as it is dialled), or False where it does not pass.

    Letters make any number invalid, so that `tel:` addresses stay as they are. Only texts can be normalised.
    """
    if not isinstance(phone, str) or LETTER.search(phone):
        return False
    region = _region(settings.get("default_country_code"))
    return _normalized(phone, region, str(settings.get("phone_validation") or "").lower())


@lru_cache(maxsize=4096)  # the same few numbers again and again, at each poll of a gateway
def _normalized(phone: str, region: str | None, validation: str) -> str | Literal[False]:
    if region in (None, WORLD) and not phone.startswith(PLUS):
        return False  # the original looks for the sign before it cuts off blanks
    try:
        parsed = phonenumbers.parse(phone, region, keep_raw_input=True)
    except NumberParseException:
        return False
    if not _passes(parsed, validation):
        return False
    short = phonenumbers.is_valid_short_number(parsed)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL if short else PhoneNumberFormat.E164)


def _region(country_code: Any) -> str | None:
    """The main region of a country code, given as a number or a text: digits only, no sign, blank or leading zero."""
    text = js.string(country_code)
    if not COUNTRY_CODE.fullmatch(text):
        return None
    region = phonenumbers.region_code_for_country_code(int(text))
    return None if region == phonenumbers.UNKNOWN_REGION else region


def _passes(parsed: phonenumbers.PhoneNumber, validation: str) -> bool:
    if validation == "none":
        return True
    if validation == "partial":
        return phonenumbers.is_possible_number(parsed)
    return phonenumbers.is_valid_number(parsed)
