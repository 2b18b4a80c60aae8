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
"""CHT's state by the status word of a gateway's update (cht-core, `api/src/controllers/sms-gateway.js`)."""

TAKEN_BACK = frozenset({"scheduled", "pending"})
"""States that no gateway can report: only CHT itself makes a task wait again."""

RELAY_TOKEN = "[hidden:rapidpro:relay"
"""How the ledger shows the relay's own token, and its former ones."""

ADMINISTRATOR = "[hidden:cht:password of admin]"
"""The harness itself asks CHT as its administrator. No relay has this password."""

SURE_DIGITS = 8
"""The last digits of a number, which are the same however it is written."""

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


def never_confirmed(history: History, id_: str) -> bool:
    """Whether the relay handed the text with this id to CHT, and each answer was lost, spoilt or a failure."""
    calls = [
        call for call in history.calls if call.direction == "in" and call.path == GATEWAY_PATH and id_ in call.body
    ]
    return bool(calls) and all(call.status != 200 or call.fault is not None for call in calls)


def sent_by_others(history: History, number: str, text: str) -> bool:
    """Whether somebody else in the workspace asked RapidPro to send this: with another token than the relay's.

    What a flow says is not in the request that starts it, so a flow start counts for everybody whom it may reach.
    """
    for call in history.calls:
        if call.service != "rapidpro" or call.direction != "in" or call.method != "POST" or not _by_another_token(call):
            continue
        if call.path.endswith("/flow_starts.json") and ("tel:" not in call.body or number in call.body):
            return True
        if text in (one.strip() for one in _strings(_parsed(call.body))):
            return True
    return False


def asked_by_relay(history: History, number: str, text: str) -> bool:
    """Whether the relay's own token asked RapidPro to send something to this number, in whatever way.

    By a URN, which has the number in it; or by a contact or a group, which do not show the number: then the words must
    be those of the request, or those of a flow, which no request shows.
    """
    for call in history.calls:
        if not _sends(call) or RELAY_TOKEN not in call.headers.get("authorization", ""):
            continue
        if number[-SURE_DIGITS:] in call.body:  # with its country code or without
            return True
        by_flow = call.path.endswith("/flow_starts.json")
        if "tel:" not in call.body and (by_flow or text in (one.strip() for one in _strings(_parsed(call.body)))):
            return True
    return False


def _sends(call: Call) -> bool:
    """Whether RapidPro took a request that can make it send a text. Its answer may have been lost."""
    taken = call.acted and (call.status is None or call.status < 300 or call.fault is not None)
    return call.service == "rapidpro" and call.direction == "in" and call.method == "POST" and taken


def by_others(call: Call) -> bool:
    """Whether somebody else than the relay made this request: with a token of his own, or as CHT's administrator."""
    token = call.headers.get("authorization", "")
    return ("[hidden:rapidpro:" in token and RELAY_TOKEN not in token) or ADMINISTRATOR in token


def _by_another_token(call: Call) -> bool:
    return by_others(call) and call.status is not None and call.status < 300


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def told_without_asking(history: History) -> Iterator[OutgoingText]:
    """The texts that the relay called delivered although it had never looked up a message in RapidPro.

    An answer to a request to send says at most that a text was accepted or sent.
    """
    looked_up = (call for call in history.calls if call.service == "rapidpro" and call.method == "GET")
    asked = min((call.at for call in looked_up if call.direction == "in" and call.status == 200), default=None)
    for text in history.outgoing_texts:
        told = (at for state, at in reported(history, text.uuid) if state == "delivered")
        if any(asked is None or at < asked for at in told):
            yield text


def _updates(call: Call) -> list[Any]:
    body = _parsed(call.body)
    updates = body.get("updates") if isinstance(body, dict) else None
    return updates if isinstance(updates, list) else []
