"""What is to be run, and what came of it before it is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from loadtests.driving.driver import Crew
from loadtests.gates import Limits
from loadtests.results import FaultBand, RequestSample, Watched
from loadtests.running.settling import Patience, Settled
from loadtests.shapes.model import Shape

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One run: the shape as it is to be run, its limits, and who sends. `command` repeats it; `say` gets progress."""

    shape: Shape
    seed: int
    limits: Limits
    patience: Patience
    command: str
    say: Say
    crew: Crew = field(default_factory=Crew)
    poll_seconds: float | None = None
    reports: bool = False
    """Whether Locust's own reports are wanted."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened, in real or in virtual time. `further` are reasons of the shape's own why the run has failed."""

    time: str
    subject: str
    profile: str
    settled: Settled
    states: bool
    skipped_checks: frozenset[str]
    began: datetime
    ended_sending: datetime
    ended: datetime
    requests: Sequence[RequestSample]
    faults: Sequence[FaultBand]
    rates: Mapping[str, str]
    watched: Sequence[Watched] = ()
    locust: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    further: Sequence[str] = ()
    unused_faults: bool = False
    highest_rate: float | None = None
