"""Which senders get no answers (cht-core `shared-libs/transitions/src/lib/messages.js`, `isOutgoingAllowed`)."""

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
    """Whether answers to `sender` may be sent. Raises TypeError if a rule gets a sender that is not a string."""
    if not sender:
        return True
    if is_gateway(settings, sender):
        return False
    too_short = _min_length(settings.get("outgoing_deny_shorter_than"))
    listed = settings.get("outgoing_deny_list")
    if too_short and len(_plain(sender)) < too_short:
        return False
    if settings.get("outgoing_deny_with_alphas") is True and LETTER.search(_text(sender, "from.match")):
        return False
    return not listed or not _is_listed(sender, _text(listed, "denyList.split"))


def is_gateway(settings: Mapping[str, Any], sender: Any) -> bool:
    """Whether `sender` is the gateway itself: answering it would cause an endless loop."""
    gateway = settings.get("gateway_number")
    if not isinstance(gateway, str) or not isinstance(sender, str):
        return False
    return phonenumbers.is_number_match(gateway, sender) in SAME


def _is_listed(sender: Any, listed: str) -> bool:
    entries = (js.trim(entry.lower()) for entry in listed.split(","))
    return any(_plain(sender).startswith(entry) for entry in entries if entry)


def _min_length(value: Any) -> int:
    match = NUMBER.match(str(value))
    return max(0, int(match[1])) if match else 0


def _plain(sender: Any) -> str:
    return js.trim(_text(sender, "x.toLowerCase").lower())


def _text(value: Any, method: str) -> str:
    """The value if it is a string; else raises JavaScript's error for a string method that is called on it."""
    if not isinstance(value, str):
        raise TypeError(f"{method} is not a function")
    return value
