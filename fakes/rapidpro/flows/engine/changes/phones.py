"""URNs that flows make: their validity and normal form. Source: gocommon urns, goflow utils/phone.go."""

from __future__ import annotations

import re

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.expressions import Env
from fakes.rapidpro.flows.expressions.text_search import whole_phone

_TEL = re.compile(r"\+?[a-z0-9]{1,64}\Z")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+\Z")
_DIGITS = re.compile(r"[0-9]+\Z")
_NUMERIC = frozenset({"telegram", "twitterid", "whatsapp", "jiochat"})
MAX_PATH = 255


def normalized(urn: str, country: str) -> str:
    """A URN in normal form; `country`: where national numbers are from, "" leaves them as they are."""
    scheme, _, path = urn.partition(":")
    scheme, path = scheme.strip().lower(), path.strip()
    if scheme == "tel":
        path = _normal_phone(path, country)
    elif scheme in ("mailto", "twitter"):
        path = path.removeprefix("@").lower() if scheme == "twitter" else path.lower()
    return f"{scheme}:{path}"


def _normal_phone(path: str, country: str) -> str:
    cleaned = re.sub(r"[^0-9a-z]", "", path.lower())
    if path.strip().startswith("+"):
        cleaned = "+" + cleaned
    if country and not cleaned.startswith("+"):
        return whole_phone(cleaned, country) or cleaned
    return cleaned


def is_valid_urn(urn: str) -> bool:
    """Whether a URN has a known scheme and a path that fits it."""
    scheme, colon, path = urn.partition(":")
    if not colon or scheme not in SCHEMES or not path or len(path) > MAX_PATH:
        return False
    if scheme == "tel":
        return _TEL.match(path) is not None
    if scheme == "mailto":
        return _MAIL.match(path) is not None
    return scheme not in _NUMERIC or _DIGITS.match(path) is not None


def phone_number(text: str, env: Env) -> str | None:
    """The text as a phone number in international form, if it is one in the workspace's country."""
    return whole_phone(text, env.country)
