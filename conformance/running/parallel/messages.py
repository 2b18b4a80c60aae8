"""What a process that plays scenarios gets at its start, and the messages that it sends.

It is sent the positions of scenarios, and None at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import Violation
from conformance.evidence.model import Evidence
from conformance.reports.report import ScenarioResult
from conformance.requirements.catalogue import Requirement
from conformance.running.worlds import Worlds

Repeat = Callable[[tuple[str, ...]], str]
"""The command that repeats the scenarios of these requirements."""


@dataclass(frozen=True, slots=True)
class WorldJob:
    """What a process needs to play scenarios: how to make its worlds, and what is judged. It can be pickled."""

    make_worlds: Callable[[], Worlds]
    requirements: tuple[Requirement, ...]
    repeat: Repeat
    scenarios: tuple[str, ...] = ()
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The services and the subject of this process run."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """The services or the subject of this process do not run, for this reason; the process ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Played:
    """The scenario that was asked for has ended."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result of the scenario that is being played."""

    result: ScenarioResult


@dataclass(frozen=True, slots=True)
class Conduct:
    """What one check of conduct found in a scenario."""

    scenario: str
    requirements: tuple[str, ...]
    violations: tuple[Violation, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Broken:
    """What went wrong outside the scenarios."""

    sentences: tuple[str, ...]


Message = Ready | NotReady | Played | Result | Conduct | Broken
