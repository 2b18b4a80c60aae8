"""Who did it: which of CHT's states the relay reported, and which requests to send came from somebody else.

The ledger shows both. What it does not show as the relay's deed is not blamed on the relay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from conformance.history.model import GATEWAY_PATH, Call, History, OutgoingText

REPORTED_AS = {
    "UNSENT": "received-by-gateway",
    "PENDING": "forwarded-by-gateway",
    "SENT": "sent",
    "DELIVERED": "delivered",
    "FAILED": "failed",
}
"""CHT's state by the status word of a gateway's update (cht-core, `api/src/services/sms-gateway`)."""

TAKEN_BACK = frozenset({"scheduled", "pending"})
"""States that no gateway can report: only CHT itself makes a task wait again."""

CLOCKS_APART = timedelta(seconds=5)
"""How far the clocks of CHT and of the ledger may differ."""


def reported(history: History, uuid: str) -> Iterator[tuple[str, datetime]]:
    """The states of the text with this `uuid` that a relay reported to CHT, with the times of its requests."""
    for call in history.calls:
        if call.direction == "in" and call.path == GATEWAY_PATH and uuid in call.body:
            for update in _updates(call):
                if isinstance(update, dict) and update.get("id") == uuid:
                    state = REPORTED_AS.get(str(update.get("status")))
                    if state is not None:
                        yield state, call.at


def changed_by_relay(history: History, text: OutgoingText, position: int) -> bool:
    """Whether the relay made the change of `text` to the state at this position of its history.

    The nth time that a state appears, the relay must have reported it n times by then. Where nobody calls CHT's gateway
    API, CHT is the relay itself, and only a task that waits again is not the relay's deed.
    """
    state, at = text.states[position]
    if state in TAKEN_BACK:
        return False
    if not any(call.direction == "in" and call.path == GATEWAY_PATH for call in history.calls):
        return True
    times = sum(word == state for word, _ in text.states[: position + 1])
    return sum(word == state and when <= at + CLOCKS_APART for word, when in reported(history, text.uuid)) >= times


def taken_back(text: OutgoingText) -> bool:
    """Whether CHT itself made a text wait again after it was on its way."""
    waiting = [place for place, (state, _) in enumerate(text.states) if state in TAKEN_BACK]
    return bool(waiting) and was_on_its_way(text, waiting[-1])


def was_on_its_way(text: OutgoingText, until: int | None = None) -> bool:
    """Whether a gateway had the text: it has, or had before this position of its history, a state that one reports."""
    return any(state in REPORTED_AS.values() for state, _ in text.states[:until])


def _updates(call: Call) -> list[Any]:
    try:
        body = json.loads(call.body)
    except ValueError:
        return []
    updates = body.get("updates") if isinstance(body, dict) else None
    return updates if isinstance(updates, list) else []
