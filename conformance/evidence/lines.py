"""The ladder as lines of text for a terminal of a given width. Words are never broken; what is too long is cut."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from rich.cells import cell_len

from conformance.evidence.arrivals import arrived
from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party, StepOutcome
from conformance.evidence.words import and_more, condensed, cut, cut_in_quotes, on_one_line

NAMES = {Party.PHONE: "phone", Party.RAPIDPRO: "RapidPro", Party.RELAY: "relay", Party.CHT: "CHT"}
POINTER = ">>"
STEP_MARKS = {StepOutcome.PASSED: " ", StepOutcome.FAILED: "x", StepOutcome.NOT_RUN: "-"}
BETWEEN = len("RapidPro > relay")
DETAIL = 8
"""Blanks before a body."""
FEW = 3
FULL = 100_000
"""Columns for what is not to be cut."""


class Line(NamedTuple):
    """One line, and rich's style for it."""

    text: str
    style: str = ""


def ladder_lines(events: Sequence[Event], width: int, *, full: bool = False) -> Iterator[Line]:
    """The ladder. `full`: headers and bodies as they were. Else the body of each call in few words, cut: the request's,
    or the answer's if the request has none; both where something is wrong."""
    precise = any("." in event.at for event in events)
    day = ""
    for event in events:
        at = datetime.fromisoformat(event.at)
        if event.omitted:
            yield Line(f"   ... {event.omitted} more, with --verbose ...", "dim")
        if day and f"{at:%Y-%m-%d}" != day:
            yield Line(f"   {at:%A, %d %B %Y}", "dim")
        day = f"{at:%Y-%m-%d}"
        yield from _event(event, at, width, precise=precise, full=full)


def _event(event: Event, at: datetime, width: int, *, precise: bool, full: bool) -> Iterator[Line]:
    clock = f"{at:%H:%M:%S.%f}"[:-3] if precise else f"{at:%H:%M:%S}"
    who = NAMES[event.source] if event.source is event.target else f"{NAMES[event.source]} > {NAMES[event.target]}"
    start = f"{POINTER if event.decisive else '':2} {clock} {who:{BETWEEN}} "
    style = "bold red" if event.decisive else "yellow" if event.fault else ""
    room = FULL if full else width - len(start)
    end = _end(event)
    title = on_one_line(event.title)
    if len(end) > room // 2 and cell_len(title) + len(end) > room:
        yield Line(start + cut_in_quotes(title, room), style)
        yield from (Line(" " * len(start) + line, style) for line in textwrap.wrap(end.strip(" :"), room))
    else:
        yield Line(start + cut_in_quotes(title, room - len(end)) + end, style)
    if full:
        yield from _parts_in_full(event)
    elif event.count == 1:
        wrong = event.decisive or bool(event.fault) or not 200 <= (event.status or 0) < 300
        bodies = list(_bodies(event, width))
        yield from bodies if wrong else bodies[:1]


def _end(event: Event) -> str:
    """The answer to a call, its fault, and how often it was made."""
    parts = []
    if event.seq is not None:
        parts.append(f": {'no answer' if event.status is None else event.status}")
    if event.fault:
        acted = "it acted" if event.acted else "it did not act"
        parts.append(f" (fault {event.fault}: {acted})")
    if event.count > 1:
        until = "" if event.until is None else f" until {datetime.fromisoformat(event.until):%H:%M:%S}"
        parts.append(f", {event.count} times{until}" if event.seq is not None else f", and {event.count - 1} more")
    return "".join(parts)


def _bodies(event: Event, width: int) -> Iterator[Line]:
    for mark, part in (("asks", event.request), ("gets", event.reply)):
        headers = "" if part is None else _telling_headers(part, reply=mark == "gets")
        body = "" if part is None else condensed(part.body)
        shown = " ".join(one for one in (headers, body) if one)
        if shown:
            yield Line(cut(f"{'':{DETAIL}}{mark} {shown}", width), "dim")


def _telling_headers(part: Part, *, reply: bool) -> str:
    """The headers that say more than usual: when to come again, where to go."""
    telling = ("retry-after", "location") if reply else ()
    return " ".join(f"[{name}: {part.headers[name]}]" for name in telling if name in part.headers)


def _parts_in_full(event: Event) -> Iterator[Line]:
    for mark, part in (("asks", event.request), ("gets", event.reply)):
        if part is None:
            continue
        for name, value in part.headers.items():
            yield Line(f"{'':{DETAIL}}{mark} {name}: {on_one_line(value)}", "dim")
        if part.body:
            yield Line(f"{'':{DETAIL}}{mark} {on_one_line(part.body)}", "dim")


def arrival_lines(arrivals: Sequence[Arrivals], width: int, indent: int = 0) -> Iterator[Line]:
    """How many texts arrived, some of the missing ones, and some of those that arrived too often."""
    for one in arrivals:
        sentence = arrived(one)
        if one.missing:
            missing = one.expected - one.arrived
            sentence += f"; missing: {and_more(list(one.missing[:FEW]), missing)}"
        if one.repeated:
            sentence += f"; too often: {and_more(list(one.repeated[:FEW]), len(one.repeated))}"
        yield from wrapped(sentence, width, indent)


def people_line(evidence: Evidence) -> str:
    """Who has which number: those whose numbers the calls of the ladder show, a few of many."""
    bodies = "\n".join(f"{one.title}{_body(one.request)}{_body(one.reply)}" for one in evidence.events)
    there = [f"{name} is {number}" for number, name in evidence.people.items() if number in bodies]
    return and_more(there[:FEW], len(there))


def _body(part: Part | None) -> str:
    return "" if part is None else part.body


def wrapped(sentence: str, width: int, indent: int = 0, style: str = "") -> Iterator[Line]:
    """A sentence in lines of whole words, each after `indent` blanks. A longer word than a line is cut."""
    room = width - indent
    for paragraph in sentence.splitlines() or [""]:
        line = ""
        for word in on_one_line(paragraph).split():
            shown = cut(word, room)
            if line and cell_len(line) + 1 + cell_len(shown) > room:
                yield Line(" " * indent + line, style)
                line = ""
            line = f"{line} {shown}" if line else shown
        if line:
            yield Line(" " * indent + line, style)
