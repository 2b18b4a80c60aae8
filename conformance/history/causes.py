"""Who did it: which of CHT's states the relay reported, and which CHT set by itself.

The ledger shows both. What it does not show as the relay's deed is not blamed on the relay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from conformance.history.model import GATEWAY_PATH, History, OutgoingText
from conformance.history.others import entries

REPORTED_AS = {
    "UNSENT": "received-by-gateway",
    "PENDING": "forwarded-by-gateway",
    "SENT": "sent",
    "DELIVERED": "delivered",
    "FAILED": "failed",
}
"""CHT's state by the status word of a gateway's update (cht-core, `api/src/controllers/sms-gateway.js`)."""

TAKEN_BACK = frozenset({"scheduled", "pending"})
"""States that no gateway can report: only CHT itself makes a task wait again."""

CLOCKS_APART = timedelta(seconds=5)
"""How far the clocks of CHT and of the ledger may differ."""


def reported(history: History, uuid: str) -> Iterator[tuple[str, datetime]]:
    """The states of the text with this `uuid` that a relay reported to CHT, with the times of its requests."""
    for call in history.calls:
        if call.direction == "in" and call.path == GATEWAY_PATH and uuid in call.body:
            for update in entries(call.body, "updates"):
                if update.get("id") == uuid:
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


def never_confirmed(history: History, id_: str) -> bool:
    """Whether the relay handed the text with this id to CHT, and each answer was lost, spoilt or a failure."""
    calls = [
        call for call in history.calls if call.direction == "in" and call.path == GATEWAY_PATH and id_ in call.body
    ]
    return bool(calls) and all(call.status != 200 or call.fault is not None for call in calls)


def told_without_asking(history: History) -> Iterator[OutgoingText]:
    """The texts that the relay called delivered although it had never looked up a message in RapidPro.

    An answer to a request to send says at most that a text was accepted or sent; the workspace shows no text at all.
    """
    shown = ("rapidpro", "in", "GET", 200)
    looked_up = (call for call in history.calls if (call.service, call.direction, call.method, call.status) == shown)
    looked_up = (call for call in looked_up if not call.path.endswith("/workspace.json"))
    asked = min((call.at for call in looked_up), default=None)
    for text in history.outgoing_texts:
        told = (at for state, at in reported(history, text.uuid) if state == "delivered")
        if any(asked is None or at < asked for at in told):
            yield text


def told(history: History, text: OutgoingText) -> bool:
    """Whether the relay reported the present state of this text. Where nobody reports, CHT is the relay itself."""
    if not any(call.direction == "in" and call.path == GATEWAY_PATH for call in history.calls):
        return True
    return any(state == text.state for state, _ in reported(history, text.uuid))


def times_taken_back(text: OutgoingText) -> int:
    """How often CHT itself made this text wait again after it was on its way: it asks for it to be sent again."""
    return sum(
        state in TAKEN_BACK and was_on_its_way(text, place) and text.states[place - 1][0] not in TAKEN_BACK
        for place, (state, _) in enumerate(text.states)
    )
