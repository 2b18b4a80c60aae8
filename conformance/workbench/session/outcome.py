"""What came of a session, without ids and times: equal for two plays of the same session, and for no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from conformance.history.model import Call, History

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{23,}|(?<=/)[0-9a-f]{20,}(?![0-9a-f])|(?<=/)[0-9]+(?=/|$)")
PARTS = {
    "texts": "what people sent, and whether the relay took it",
    "reports": "the reports in CHT",
    "arrivals": "what arrived on phones",
    "states": "what became of CHT's texts",
    "messages": "RapidPro's messages",
    "calls": "the calls between the services and the relay",
}
"""The parts, in the order in which they are compared, and what each is in words."""


def outcome(history: History, hide: Callable[[str], str]) -> dict[str, list[Any]]:
    """The parts as JSON. Of calls that follow each other and are alike, one with their count. `hide`: of secrets."""
    outgoing = history.outgoing_texts
    return {
        "texts": [[one.number, hide(one.text), str(one.outcome)] for one in history.incoming_texts],
        "reports": sorted([one.number, hide(one.text)] for one in history.reports),
        "arrivals": sorted([one.number, hide(one.text)] for one in history.arrivals),
        "states": sorted([one.number, hide(one.text), *(state for state, _ in one.states)] for one in outgoing),
        "messages": sorted([one.number, hide(one.text), one.status] for one in history.messages),
        "calls": [[line, len(list(alike))] for line, alike in groupby(map(_line, history.calls))],
    }


def _line(call: Call) -> str:
    fault = "" if call.fault is None else f" {call.fault.partition('#')[0]}"
    direction = "->" if call.direction == "in" else "<-"
    return f"{direction} {call.service} {call.method} {IDS.sub('*', call.path)} {call.status}{fault}"


def differences(expected: dict[str, list[Any]], found: dict[str, list[Any]]) -> list[str]:
    """For each part that differs a sentence with the first difference; empty if nothing differs."""
    return [
        f"{words} differ: {_first(expected.get(part, []), found[part])}"
        for part, words in PARTS.items()
        if expected.get(part, []) != found[part]
    ]


def _first(expected: Sequence[Any], found: Sequence[Any]) -> str:
    for place, (one, other) in enumerate(zip(expected, found, strict=False), 1):
        if one != other:
            return f"number {place} was {one!r} in the session, now {other!r}"
    longer, when = (expected, "in the session only") if len(expected) > len(found) else (found, "now only")
    place = min(len(expected), len(found))
    return f"number {place + 1}, {longer[place]!r}, is there {when}"
