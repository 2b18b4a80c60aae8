"""A subject that sends one text again and again: to wait for anything more takes long and shows nothing new."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from conformance.history.model import History
from conformance.history.words import often

RUNAWAY = 20
"""Surplus messages with the same text: more than lost answers or crashes can explain."""


@dataclass(frozen=True, slots=True)
class Runaway:
    """A text that has become very many messages."""

    number: str
    text: str
    due: int
    became: int

    def __str__(self) -> str:
        return f"{self.text!r} for {self.number} was due {often(self.due)}, became {self.became} messages"


def runaway(history: History) -> Runaway | None:
    """The text that has become very many messages; None if there is no such text.

    Messages in RapidPro count as well as those on phones: while the aggregator is away, nothing arrives.
    """
    messages = {(one.number, one.text, one.message) for one in history.arrivals}
    messages |= {(one.number, one.text, one.id) for one in history.messages}
    found = Counter((number, text) for number, text, _ in messages)
    due = Counter((one.number, one.text) for one in history.outgoing_texts)
    for (number, text), count in found.items():
        if count > due[number, text] + RUNAWAY:
            return Runaway(number, text, due[number, text], count)
    return None
