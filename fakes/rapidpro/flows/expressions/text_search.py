"""What router tests find in texts: numbers, e-mail addresses, phone numbers.

Source: goflow flows/routers/cases/tests.go and utils.go, utils/phone.go; gocommon urns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import phonenumbers

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.numeric import parse_number
from fakes.rapidpro.flows.expressions.patterns import search
from fakes.rapidpro.flows.expressions.values import ExpressionError

_OTHER_DIGIT = "½"
"""Stands for all other digits: a match that contains one is found, but is no number."""
_NUMBER = r"[-+]?(?:[0-9{grouping}½]+(?:{decimal}[0-9½]+)?|(?:[^0-9A-Za-z_]|^){decimal}[0-9½]+)"
_EMAIL = r"(?-mi)[\pL\pN][-_+$~.\pL\pN]*@[\pL\pN][-_\pL\pN]*(?:\.[\pL\pN][-_\pL\pN]*)+"
_PHONE = re.compile(r"\+?[0-9 .\-()]{5,}")
_LEAST_PHONE = 5
_LEAST_INTERNATIONAL = 11
_PHONE_COST = 200
"""The cost of checking one possible phone number."""


class _UnknownCountry(Exception):
    """The number has an unknown country code, or the given country is unknown."""


def numbers_in(text: str, env: Env) -> Iterator[Decimal]:
    """All numbers in a text; digit grouping and digits of some other scripts are accepted."""
    if not text.isascii():
        text = "".join(map(_ascii_digit, text))
    symbols = {"grouping": re.escape(env.grouping), "decimal": re.escape(env.decimal)}
    for match in re.finditer(_NUMBER.format(**symbols), text):
        try:
            digits = match.group().strip().replace(env.grouping, "").replace(env.decimal, ".")
            yield parse_number(digits.removeprefix("+") if env.generation == "9" else digits, env.generation)
        except ExpressionError:
            continue


def _ascii_digit(character: str) -> str:
    if "٠" <= character <= "٩" or "۰" <= character <= "۹" or "০" <= character <= "৯":
        return str(unicodedata.digit(character))
    return _OTHER_DIGIT if not character.isascii() and unicodedata.category(character)[0] == "N" else character


def email_in(text: str, env: Env) -> str | None:
    """The first e-mail address."""
    found = search(_EMAIL, text, env)
    return found[0] if found else None


def phone_in(text: str, country: str, env: Env) -> str | None:
    """The first possible phone number of the country (may be ""), in international form."""
    for match in _PHONE.finditer(text):
        env.budget.spend(_PHONE_COST)
        candidate = match.group().strip()
        if len(candidate.lstrip("+")) >= _LEAST_PHONE:
            number = possible_phone(candidate, country, env)
            if number is not None:
                return number
    return None


def possible_phone(text: str, country: str, env: Env) -> str | None:
    """The text as a phone number of the country (may be ""), in international form, if it is a possible one."""
    region = country or None
    try:
        if env.generation == "9":
            return _parsed_phone(text, region)
        plain = ("+" if text.startswith("+") else "") + re.sub(r"[^0-9]", "", text)
        number = _parsed_phone(plain, region)
        if number is None and len(plain) >= _LEAST_INTERNATIONAL and not plain.startswith("0"):
            number = _parsed_phone("+" + plain, region)
    except _UnknownCountry:
        return None
    return number if number is None or re.fullmatch(r"\+[0-9]{7,15}", number) else None


def _parsed_phone(text: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        if region and error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise _UnknownCountry from None
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
