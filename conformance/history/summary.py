"""A history in a few lines, for people looking for the cause of a failure: states, phones, the last calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from conformance.history.model import GATEWAY_PATH, Call, History

MOST_LINES = 40
LAST_CALLS = 12
WIDTH = 110
"""How many characters of a request's body are shown."""


class Named(Protocol):
    """Somebody with a phone."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


def summarize(history: History, people: Iterable[Named]) -> str:
    """What happened to each text, then the last calls of the ledger."""
    names = {person.number: person.name for person in people}
    lines = list(texts(history, names))
    shown = lines[:MOST_LINES] or ["  nothing"]
    left = [f"  and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(["What happened:", *shown, *left, *last_calls(history, names)])


def texts(history: History, names: dict[str, str]) -> Iterator[str]:
    """A line for each text in each place where it is known."""
    for outgoing in history.outgoing_texts:
        states = " > ".join(state for state, _ in outgoing.states)
        yield f"  {names[outgoing.number]}: {outgoing.text[:60]!r} is {outgoing.state} in CHT ({states})"
    for message in history.messages:
        yield f"  {names[message.number]}: {message.text[:60]!r} is {message.status} in RapidPro"
    for arrival in history.arrivals:
        yield f"  {names[arrival.number]} received {arrival.text[:60]!r}"
    for text in history.incoming_texts:
        yield f"  {names[text.number]} texted {text.text[:60]!r}: {text.outcome}"
    for report in history.reports:
        yield f"  CHT has the report {report.text[:60]!r} from {names[report.number]}"


def last_calls(history: History, names: dict[str, str]) -> list[str]:
    """The last calls between the relay and its neighbours, without empty polls."""
    if history.outgoing_texts and not any(call.by_relay for call in history.calls):
        return ["The relay made no call: does it get the addresses of its neighbours, and does it poll CHT?"]
    shown = [(number, call) for number, call in enumerate(history.calls, 1) if is_informative(call)]
    if not shown:
        return []
    who = ", ".join(f"{name} has {number}" for number, name in names.items())
    return [f"The last calls ({who}):", *(line_of(*one) for one in shown[-LAST_CALLS:])]


def is_informative(call: Call) -> bool:
    """Whether a call is by the relay or to it, and either carries something or went wrong."""
    if call.service == "cht" and call.path != GATEWAY_PATH:
        return False
    empty_poll = call.path == GATEWAY_PATH and not any(word in call.body for word in ('"id"', '"updates"'))
    return not empty_poll or bool(call.fault) or call.status != 200


def line_of(number: int, call: Call) -> str:
    """Position among the calls of this history, time, service, request, and result.

    The call's number in the ledger and the fault's id are left out: they continue from world to world.
    """
    request = f"{call.method} {call.path}{'?' if call.query else ''}{call.query}"
    service = call.service if call.direction == "in" else f"{call.service} calls"
    answer = "no answer" if call.status is None else str(call.status)
    acted = "it acted" if call.acted else "it did not act"
    fault = f", fault {call.fault.partition('#')[0]} ({acted})" if call.fault else ""
    body = f" {call.body[:WIDTH]}" if call.body else ""
    return f"  #{number} {call.at:%H:%M:%S.%f}"[:-3] + f" {service} {request}{body}: {answer}{fault}"
