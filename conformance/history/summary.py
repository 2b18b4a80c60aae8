"""A history in a few lines, for people who look for the cause of a failure: states, phones, the last calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from conformance.history.model import GATEWAY_PATH, Call, History

MOST_LINES = 40
LAST_CALLS = 12
WIDTH = 110
"""Characters of a request's body."""


class Named(Protocol):
    """Somebody with a phone."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


def picture(history: History, people: Iterable[Named]) -> str:
    """What became of each text, then the last calls of the ledger."""
    names = {person.number: person.name for person in people}
    lines = list(texts(history, names))
    shown = lines[:MOST_LINES] or ["  nothing"]
    left = [f"  and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(["What happened:", *shown, *left, *last_calls(history, names)])


def texts(history: History, names: dict[str, str]) -> Iterator[str]:
    """A line on each text, wherever it is known."""
    for due in history.due:
        states = " > ".join(state for state, _ in due.states)
        yield f"  {names[due.number]}: {due.text[:60]!r} is {due.state} in CHT ({states})"
    for sent in history.sent:
        yield f"  {names[sent.number]}: {sent.text[:60]!r} is {sent.status} in RapidPro"
    for arrival in history.arrivals:
        yield f"  {names[arrival.number]} received {arrival.text[:60]!r}"
    for text in history.texts_in:
        yield f"  {names[text.number]} texted {text.text[:60]!r}: {text.outcome}"
    for report in history.stored:
        yield f"  CHT holds {report.text[:60]!r} of {names[report.number]}"


def last_calls(history: History, names: dict[str, str]) -> list[str]:
    """The last calls between the relay and its neighbours: those that say something, not each empty poll."""
    if history.due and not any(call.of_relay for call in history.calls):
        return ["No call of the relay was seen: is it given the addresses of its neighbours, and does it ask CHT?"]
    telling = [(number, call) for number, call in enumerate(history.calls, 1) if tells(call)]
    if not telling:
        return []
    who = ", ".join(f"{name} has {number}" for number, name in names.items())
    return [f"The last calls ({who}):", *(line_of(*one) for one in telling[-LAST_CALLS:])]


def tells(call: Call) -> bool:
    """Whether a call is one of the relay's, or to it, and carries something or went wrong."""
    if call.service == "cht" and call.path != GATEWAY_PATH:
        return False
    empty_poll = call.path == GATEWAY_PATH and not any(word in call.body for word in ('"id"', '"updates"'))
    return not empty_poll or bool(call.fault) or call.status != 200


def line_of(number: int, call: Call) -> str:
    """Its place among the calls of this history, time, who was asked what, and how that ended.

    Neither its number in the ledger nor the fault's: those go on from world to world, and say nothing of this one.
    """
    asked = f"{call.method} {call.path}{'?' if call.query else ''}{call.query}"
    whom = call.service if call.direction == "in" else f"{call.service} calls"
    answer = "no answer" if call.status is None else str(call.status)
    acted = "it acted" if call.acted else "it did not act"
    fault = f", fault {call.fault.partition('#')[0]} ({acted})" if call.fault else ""
    body = f" {call.body[:WIDTH]}" if call.body else ""
    return f"  #{number} {call.at:%H:%M:%S.%f}"[:-3] + f" {whom} {asked}{body}: {answer}{fault}"
