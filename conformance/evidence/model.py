"""Evidence as plain data: recorded with a scenario, kept in `report.json`, shown on a terminal and as a page.

Nothing here has a secret in it: calls come from the ledger, which hides them, and texts of errors are redacted before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Party(StrEnum):
    """Who takes part, in the order in which the ladder shows them."""

    PHONE = "phone"
    RAPIDPRO = "rapidpro"
    RELAY = "relay"
    CHT = "cht"


class StepOutcome(StrEnum):
    """What became of a step of the scenario."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Step:
    """One Gherkin step: `keyword` (Given, When, Then, And, But), its text with the example's values, its outcome."""

    keyword: str
    text: str
    outcome: StepOutcome
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A request or an answer: the headers that matter, and the body."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ladder, from one party to another (or the same: a change of state).

    `at` is ISO time of the scenario's clock. `title` says what happened in a few words (`POST /api/v2/x.json`).
    Of a call, `request` and `reply` are the parts (no reply: the caller got none) and `status` is the reply's. `fault`
    names the planned fault that changed it, `acted` says whether the service did what it was asked. `count` above 1: so
    many equal events were folded into this one; `until` is the time of the last. `decisive`: the verdict rests on this
    event. `seq` is the exchange's number in the ledger. `omitted`: so many events before this one are left out.
    """

    at: str
    source: Party
    target: Party
    title: str
    status: int | None = None
    request: Part | None = None
    reply: Part | None = None
    fault: str | None = None
    acted: bool = True
    count: int = 1
    until: str | None = None
    decisive: bool = False
    seq: int | None = None
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many texts of one direction (`in`: reports in CHT; `out`: texts on phones) arrived, those that are missing,
    and those that arrived too often, with how often."""

    direction: str
    expected: int
    arrived: int
    missing: Sequence[str] = ()
    repeated: Sequence[str] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Arrivals:
        """From a `report.json`; older ones have no `repeated`."""
        names = {name: tuple(document.get(name, ())) for name in ("missing", "repeated")}
        return cls(**{**document, **names})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one scenario: steps, people by number, arrivals, the ladder, the end of the subject's log."""

    steps: Sequence[Step] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    arrivals: Sequence[Arrivals] = ()
    events: Sequence[Event] = ()
    log: Sequence[str] = ()
    log_path: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape in `report.json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Evidence:
        """The evidence of a `report.json`. KeyError, TypeError or ValueError for another shape."""
        return cls(
            steps=tuple(Step(**{**step, "outcome": StepOutcome(step["outcome"])}) for step in document["steps"]),
            people=dict(document["people"]),
            arrivals=tuple(map(Arrivals.from_json, document["arrivals"])),
            events=tuple(map(_event, document["events"])),
            log=tuple(document["log"]),
            log_path=document["log_path"],
        )


def _event(document: Mapping[str, Any]) -> Event:
    parts = {name: None if document[name] is None else Part(**document[name]) for name in ("request", "reply")}
    parties = {name: Party(document[name]) for name in ("source", "target")}
    return Event(**{**document, **parts, **parties})
