"""A result's evidence as plain text, for the files that have no place for a drawing."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.evidence.arrivals import arrived
from conformance.evidence.lines import NAMES, POINTER, STEP_MARKS
from conformance.evidence.model import Arrivals, Event, Evidence
from conformance.reports.report import ScenarioResult
from conformance.reports.visible import cut, visible

LONGEST_BODY = 1000
LAST_LINES = 20
"""Of the subject's log."""


def as_text(result: ScenarioResult) -> str:
    """Steps (the failing one marked `x`), arrivals, the ladder in order of time, the end of the subject's log."""
    evidence = result.evidence
    lines = [] if evidence is None else list(_lines(evidence))
    if result.repeat:
        lines += ["", f"run again: {result.repeat}"]
    return visible("\n".join(lines).strip("\n"))


def _lines(evidence: Evidence) -> Iterator[str]:
    for step in evidence.steps:
        yield f"{STEP_MARKS[step.outcome]} {step.keyword} {step.text}"
    yield from map(_arrivals, evidence.arrivals)
    if evidence.people:
        yield "people: " + ", ".join(f"{name} {number}" for number, name in evidence.people.items())
    if evidence.events:
        yield ""
    for event in evidence.events:
        yield from _event(event)
    if evidence.log:
        yield ""
        yield f"the end of the subject's log{f' ({evidence.log_path})' if evidence.log_path else ''}:"
        yield from evidence.log[-LAST_LINES:]


def _arrivals(one: Arrivals) -> str:
    missing = f"; missing: {', '.join(one.missing)}" if one.missing else ""
    repeated = f"; too often: {', '.join(one.repeated)}" if one.repeated else ""
    return f"{arrived(one)}{missing}{repeated}"


def _event(event: Event) -> Iterator[str]:
    if event.omitted:
        yield f"   ... {event.omitted} more ..."
    source, target = NAMES[event.source], NAMES[event.target]
    who = source if source == target else f"{source} > {target}"
    yield f"{POINTER if event.decisive else '':2} {event.at} {who}: {headline(event)}"
    if event.decisive or event.fault:
        for name, part in (("asks", event.request), ("gets", event.reply)):
            if part is not None and part.body:
                yield f"       {name}: {cut(part.body, LONGEST_BODY)}"


def headline(event: Event) -> str:
    """An event on one line: what, status, how often, fault."""
    words = [event.title]
    if event.status is not None:
        words.append(str(event.status))
    elif event.request is not None:
        words.append("no answer")
    if event.count > 1:
        words.append(f"({event.count} times{f', last {_later(event)}' if event.until else ''})")
    if event.fault:
        words.append(f"[fault: {event.fault}{'' if event.acted else ', the service did nothing'}]")
    return " ".join(words)


def _later(event: Event) -> str:
    """When the last of folded events was: on the same day, the time alone."""
    until = str(event.until)
    day = event.at.partition("T")[0]
    return until.removeprefix(f"{day}T")
