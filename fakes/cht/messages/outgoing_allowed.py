"""To whom no answer goes (cht-core `shared-libs/transitions/src/lib/messages.js`, `isOutgoingAllowed`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers

from fakes.cht.javascript import js

LETTER = re.compile(r"[a-z]", re.IGNORECASE)
NUMBER = re.compile(r"\s*([+-]?\d+)")
SAME = (phonenumbers.MatchType.NSN_MATCH, phonenumbers.MatchType.EXACT_MATCH)


def outgoing_allowed(settings: Mapping[str, Any], sender: Any) -> bool:
    """Whether answers to `sender` may leave. Raises TypeError if a rule meets a sender that is no text."""
    if not sender:
        return True
    if is_gateway(settings, sender):
        return False
    too_short = _shortest(settings.get("outgoing_deny_shorter_than"))
    listed = settings.get("outgoing_deny_list")
    if too_short and len(_plain(sender)) < too_short:
        return False
    if settings.get("outgoing_deny_with_alphas") is True and LETTER.search(_text(sender, "from.match")):
        return False
    return not listed or not _is_listed(sender, _text(listed, "denyList.split"))


def is_gateway(settings: Mapping[str, Any], sender: Any) -> bool:
    """Whether `sender` is the gateway itself: answering it would never end."""
    gateway = settings.get("gateway_number")
    if not isinstance(gateway, str) or not isinstance(sender, str):
        return False
    return phonenumbers.is_number_match(gateway, sender) in SAME


def _is_listed(sender: Any, listed: str) -> bool:
    entries = (js.trim(entry.lower()) for entry in listed.split(","))
    return any(_plain(sender).startswith(entry) for entry in entries if entry)


def _shortest(value: Any) -> int:
    match = NUMBER.match(str(value))
    return max(0, int(match[1])) if match else 0


def _plain(sender: Any) -> str:
    return js.trim(_text(sender, "x.toLowerCase").lower())


def _text(value: Any, called: str) -> str:
    """The value if it is a text; else the error that JavaScript gives when a function of texts is called on it."""
    if not isinstance(value, str):
        raise TypeError(f"{called} is not a function")
    return value
