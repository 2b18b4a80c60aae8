"""URNs that flows make: their validity and normal form. Source: gocommon urns, goflow utils/phone.go."""

from __future__ import annotations

import re

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.expressions import Env
from fakes.rapidpro.flows.expressions.text_search import possible_phone

_TEL = re.compile(r"(?:\+[0-9]{7,15}|[a-z0-9]{1,64})\Z")
_OLD_TEL = re.compile(r"\+?[a-zA-Z0-9]{1,64}\Z")
_SENDER = re.compile(r"[0-9A-Za-z]{3,64}\Z")
_ONLY_PHONE = re.compile(r"\+?[0-9 .\-()]{5,}\Z")
_PATHS = {
    **dict.fromkeys(("facebook", "instagram", "jiochat", "telegram", "twitterid", "whatsapp", "discord"), r"[0-9]+"),
    "mailto": r"[^\s@]+@[^\s@]+",
    "twitter": r"[a-zA-Z0-9_]{1,15}",
    "viber": r"[a-zA-Z0-9_=/+]{1,24}",
    "line": r"[a-zA-Z0-9_]{1,36}",
}
MAX_PATH = 255
LONG = 11
"""Digits of a number that is taken as international without its `+`."""


def normalized(urn: str, env: Env) -> str:
    """A URN in normal form. `9` reads national numbers as those of the country, `new` leaves them as they are."""
    scheme, _, path = urn.partition(":")
    scheme, path = scheme.lower(), path.strip()
    if scheme == "tel":
        path = _new_tel(path, env) if env.generation == "new" else _old_tel(path, env)
    elif scheme in ("mailto", "twitter"):
        path = path.lower().removeprefix("@") if scheme == "twitter" else path.lower()
    return f"{scheme}:{path}"


def _new_tel(path: str, env: Env) -> str:
    number = possible_phone(path, "", env)
    cleaned = ("+" if path.startswith("+") else "") + re.sub(r"[^0-9A-Za-z]", "", path)
    return number or (cleaned.lower() if _SENDER.match(cleaned) else path)


def _old_tel(path: str, env: Env) -> str:
    cleaned = re.sub(r"[^0-9a-z]", "", path.lower())
    international = path.startswith("+") or (len(cleaned) >= LONG and not cleaned.startswith("0"))
    return possible_phone("+" + cleaned if international else cleaned, env.country, env) or cleaned


def is_valid_urn(urn: str, env: Env) -> bool:
    """Whether a URN has a known scheme and a path that fits it."""
    scheme, colon, path = urn.partition(":")
    if not colon or scheme not in SCHEMES or not path or len(path) > MAX_PATH:
        return False
    if scheme == "tel":
        return (_TEL if env.generation == "new" else _OLD_TEL).match(path) is not None
    return re.fullmatch(_PATHS.get(scheme, r"(?s:.+)"), path) is not None


def phone_number(text: str, env: Env) -> str | None:
    """The text as a phone number in international form, if it is one in the workspace's country."""
    return possible_phone(text.strip(), env.country, env) if _ONLY_PHONE.match(text.strip()) else None
