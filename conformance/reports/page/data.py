"""What the page's scripts show when a cell is opened: scenarios with steps, ladder and exchanges, as small JSON.

Texts are kept once, in a table, since bodies and headers repeat. If the page would become too large, long bodies and
ladders are cut, step by step; the page then says what it lacks and that `report.json` has all of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.evidence.arrivals import arrived
from conformance.evidence.model import Event, Evidence, Part, Step
from conformance.reports.joined import Joined
from conformance.reports.ladder_text import headline
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.visible import cut, visible

MOST_BYTES = 4_000_000
"""Of the data: the page stays under 5 MB and opens within a second."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is kept: characters of a body or a reason, events of a ladder, lines of a log."""

    characters: int
    events: int
    lines: int


LIMITS = (
    Limits(20_000, 500, 60),
    Limits(4000, 200, 30),
    Limits(1000, 80, 20),
    Limits(300, 30, 10),
    Limits(120, 10, 5),
    Limits(80, 0, 0),
)


class TooLarge(Exception):
    """The texts alone are more than the page may hold: no need to go on."""


def page_data(joined: Joined) -> str:
    """The JSON for a script tag, in at most MOST_BYTES if any of the limits makes it fit."""
    for limits in LIMITS[:-1]:
        try:
            made = for_script(Builder(limits, MOST_BYTES).document(joined))
        except TooLarge:
            continue
        if len(made) <= MOST_BYTES:
            return made
    return for_script(Builder(LIMITS[-1]).document(joined))


def for_script(document: Any) -> str:
    """JSON that neither ends a script tag nor holds anything but ASCII."""
    words = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    return words.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Builder:
    """Makes the document for one set of limits; a text is its number in the table `texts`."""

    def __init__(self, limits: Limits, most_characters: float = math.inf) -> None:
        self._limits = limits
        self._left = most_characters
        self._numbers: dict[str, int] = {}

    def document(self, joined: Joined) -> dict[str, Any]:
        """Scenarios of all runs, and for each cell (`ID/run`) the places of its scenarios."""
        scenarios: list[dict[str, Any]] = []
        cells: dict[str, list[int]] = {}
        for run, report in enumerate(joined.reports):
            for result in report.results:
                for id_ in result.requirements:
                    cells.setdefault(f"{id_}/{run}", []).append(len(scenarios))
                scenarios.append(self._scenario(report, result))
        return {"scenarios": scenarios, "cells": cells, "texts": list(self._numbers)}

    def _text(self, words: str) -> int:
        shown = visible(cut(words, self._limits.characters))
        if shown not in self._numbers:
            self._left -= len(shown)
            if self._left < 0:
                raise TooLarge
            self._numbers[shown] = len(self._numbers)
        return self._numbers[shown]

    def _scenario(self, report: Report, result: ScenarioResult) -> dict[str, Any]:
        about = {
            "name": self._text(result.name),
            "requirements": self._text(", ".join(result.requirements)),
            "verdict": result.verdict.value,
            "seconds": round(result.seconds, 2),
            "reason": self._text(result.reason),
            "repeat": self._text(result.repeat or report.run.command),
            "feature": self._text(result.feature),
        }
        return about if result.evidence is None else {**about, **self._evidence(result.evidence)}

    def _evidence(self, evidence: Evidence) -> dict[str, Any]:
        first, last = _window(evidence.events, self._limits.events)
        return {
            "steps": [self._step(step) for step in evidence.steps],
            "people": [self._text(f"{name} {number}") for number, name in evidence.people.items()],
            "arrivals": [
                [arrived(one), [self._text(text) for text in one.missing], [self._text(text) for text in one.repeated]]
                for one in evidence.arrivals
            ],
            "events": [self._event(event) for event in evidence.events[first:last]],
            "left_out": len(evidence.events) - (last - first),
            "log": [self._text(line) for line in evidence.log[-self._limits.lines :] if self._limits.lines],
            "log_path": self._text(evidence.log_path or ""),
        }

    def _step(self, step: Step) -> list[Any]:
        return [self._text(step.keyword), self._text(step.text), step.outcome.value]

    def _event(self, event: Event) -> dict[str, Any]:
        known: Mapping[str, Any] = {
            "request": self._part(event.request),
            "reply": self._part(event.reply),
            "faulty": None if event.fault is None else True,
            "decisive": event.decisive or None,
            "count": None if event.count == 1 else event.count,
            "omitted": event.omitted or None,
        }
        return {
            "at": self._text(event.at),
            "source": event.source.value,
            "target": event.target.value,
            "title": self._text(headline(event)),
            **{key: value for key, value in known.items() if value is not None},
        }

    def _part(self, part: Part | None) -> list[int] | None:
        if part is None:
            return None
        headers = "\n".join(f"{name}: {value}" for name, value in part.headers.items())
        return [self._text(headers), self._text(part.body)]


def _window(events: Sequence[Event], most: int) -> tuple[int, int]:
    """From where to where a ladder is kept: most of it before its first decisive event, else its end."""
    if len(events) <= most:
        return 0, len(events)
    decisive = next((n for n, event in enumerate(events) if event.decisive), len(events))
    last = min(len(events), max(most, decisive + 1 + most // 3))
    return last - most, last
