"""The result of a load run: everything that happened, as plain data, for reports and for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conformance.history.model import Call, History
from conformance.verdicts import Verdict
from loadtests.gates import Figures, Limits
from loadtests.shapes.model import Shape


@dataclass(frozen=True, slots=True)
class RequestSample:
    """One request of the load generator. `at` is when it was to start (fakes' time), and `ms` is counted from then.

    So a slow answer also counts for the requests that had to wait behind it (no coordinated omission). `driver`: it
    only drove the fakes; the subject did not answer it. In virtual time answers take no time: `ms` is 0.
    """

    at: datetime
    name: str
    ms: float
    ok: bool
    driver: bool


@dataclass(frozen=True, slots=True)
class FaultBand:
    """A planned fault of a service, from and to in the fakes' time."""

    service: str
    effect: str
    begins: datetime
    ends: datetime


MACHINE = "machine"
"""What all processors together are called among the processes that were looked at."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A look at the run while it lasted. `at` is the fakes' time.

    `sent_in` and `sent_out` are texts that people had sent and that CHT had due, `reports` and `on_phones` those that
    had arrived; `channel_queue` are messages that wait for RapidPro's channel. `cpu` is the processor time of a second
    by process (1.0: one core), `memory_mb` its resident memory: relay, fakes, load generator, and `machine` for the
    share of all cores. `lag_ms` is how late the load generator was at most since the last look.
    """

    at: datetime
    sent_in: int
    sent_out: int
    reports: int
    on_phones: int
    channel_queue: int
    cpu: Mapping[str, float]
    memory_mb: Mapping[str, float]
    lag_ms: float

    @property
    def waiting_in(self) -> int:
        """Texts that people sent and CHT does not have yet."""
        return max(0, self.sent_in - self.reports)

    @property
    def waiting_out(self) -> int:
        """Texts that are due and not yet on a phone."""
        return max(0, self.sent_out - self.on_phones)


@dataclass(frozen=True, slots=True)
class LoadRun:
    """One load run, judged.

    `command` repeats it. `history` is as observed at the end; `exchanges` is what the ledger has. Times are the fakes'.
    `not_drained` counts what was left at the end of the time limit, by side and state. `rates` are RapidPro's rates by
    scope, such as `3600/hour`. `time` is "real" or "virtual"; in real time one second stood for `compressed` seconds of
    the shape. `locust` are Locust's own reports by file name, empty in virtual time. `watched` are looks at the run
    while texts were sent, in real time only. `notes` are sentences that are no reasons of the verdict, such as what
    limits it. `limits` are those that the figures were judged by.
    """

    shape: Shape
    figures: Figures
    verdict: Verdict
    reasons: Sequence[str]
    subject: str
    profile: str
    seed: int
    command: str
    history: History
    exchanges: Sequence[Call]
    began: datetime
    ended_sending: datetime
    ended: datetime
    drained: bool
    not_drained: Mapping[str, int]
    requests: tuple[RequestSample, ...]
    faults: tuple[FaultBand, ...]
    rates: Mapping[str, str]
    time: str = "real"
    compressed: float = 1.0
    locust: Mapping[str, str] = field(default_factory=dict)
    watched: Sequence[Watched] = ()
    notes: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
