"""Functions on URNs, attachments and locations."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType

import phonenumbers

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.signature import any_value, declare, text
from fakes.rapidpro.flows.expressions.values import ExpressionError, ObjectValue, Value, quoted

LONGEST_NUMBER = 250
"""Longer texts are no numbers to the library that reads them."""
_URN = re.compile(r"([^:?#]+):([^?#]+)(?:\?([^?#]*))?(?:#([^?#]*))?", re.DOTALL)
_CONTENT_TYPE = re.compile(r"image|audio|video|application|geo|unavailable|\w+/[-+.\w]+", re.ASCII)


def _parts(urn: str) -> tuple[str, str, str]:
    match = _URN.fullmatch(urn)
    if match is None:
        part = "path" if urn.partition(":")[0] and ":" in urn else "scheme"
        raise ExpressionError(f"{urn} is not a valid URN: {part} cannot be empty")
    scheme, path, _, display = (_unescaped(part or "") for part in match.groups())
    return scheme, path, display


def _unescaped(part: str) -> str:
    return part.replace("%23", "#").replace("%3F", "?").replace("%25", "%")


def urn_parts(_env: Env, urn: str) -> ObjectValue:
    scheme, path, display = _parts(urn)
    return ObjectValue({"scheme": scheme, "path": path, "display": display})


def format_urn(env: Env, urn: str) -> str:
    """A phone number in national format; for other URNs the display name or the path."""
    scheme, path, display = _parts(urn)
    if scheme != "tel" or (display and env.generation == "new"):
        return display or path
    return _national(path)


def display_urn(identity: str) -> str:
    """A URN of scheme and path for display."""
    scheme, _, path = identity.partition(":")
    return _national(path) if scheme == "tel" else path


def _national(path: str) -> str:
    return path if len(path) > LONGEST_NUMBER else _national_number(path)


@lru_cache(maxsize=4096)
def _national_number(path: str) -> str:
    try:
        parsed = phonenumbers.parse(path, None)
    except phonenumbers.NumberParseException:
        return path
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def attachment_parts(_env: Env, attachment: str) -> ObjectValue:
    kind, colon, url = attachment.partition(":")
    kind = kind.lower()
    if not colon or not _CONTENT_TYPE.fullmatch(kind):
        kind, url = "", attachment
    return ObjectValue({"content_type": kind, "url": url})


def format_location(_env: Env, path: str) -> str:
    return path.rpartition(">")[2].strip()


def prompt(_env: Env, name: str, *_values: Value) -> Value:
    """Prompts for language models are part of an installation; this one has none."""
    raise ExpressionError(f"no such prompt {quoted(name)}")


URN_FUNCTIONS = MappingProxyType({
    "urn_parts": declare(text)(urn_parts),
    "format_urn": declare(text)(format_urn),
    "attachment_parts": declare(text)(attachment_parts),
    "format_location": declare(text)(format_location),
    "prompt": declare(text, rest=any_value)(prompt),
})  # fmt: skip
