"""A process that plays scenarios in worlds of its own, one after the other, as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection

from conformance.checks import Violation
from conformance.evidence.model import Evidence
from conformance.interruptions import unwind_on_signals
from conformance.reports.report import Report, ScenarioResult
from conformance.running.misconduct import Misconduct
from conformance.running.parallel.messages import Broken, Conduct, Message, NotReady, Played, Ready, Result, WorldJob
from conformance.running.runner import play
from conformance.running.worlds import Worlds
from conformance.verdicts import HarnessBroken


def run_job(job: WorldJob, pipe: Connection) -> None:
    """The whole life of the process. It ends when it is told to, when the other end closes, or at a signal."""
    unwind_on_signals()
    try:
        _play(job, pipe)
    except (KeyboardInterrupt, BrokenPipeError, EOFError):
        pass  # nobody listens any more
    finally:
        pipe.close()


def _play(job: WorldJob, pipe: Connection) -> None:
    worlds = job.make_worlds()
    report = Report(worlds.describe(), worlds.profile, job.requirements)

    def send_result(result: ScenarioResult) -> None:
        pipe.send(Result(result))

    play(
        worlds,
        report,
        scenarios=job.scenarios,
        order=lambda _count: positions(worlds, pipe),
        repeat=job.repeat,
        on_result=send_result,
        misconduct=SentMisconduct(pipe.send),
        verbose=job.verbose,
    )
    if report.broken:
        pipe.send(Broken(tuple(report.broken)))


def positions(worlds: Worlds, pipe: Connection) -> Iterator[int]:
    """The positions that the other end names, once services and subject run."""
    try:
        worlds.begin()
    except HarnessBroken as problem:
        pipe.send(NotReady(str(problem)))
        return
    pipe.send(Ready())
    while True:
        position = pipe.recv()
        if position is None:
            return
        yield position
        pipe.send(Played())


class SentMisconduct(Misconduct):
    """Sends what was found to the other end, where it is gathered over all worlds."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        super().__init__(())
        self._send = send
        self._explained: set[str] = set()

    def add(
        self,
        scenario: str,
        ids: tuple[str, ...],
        violations: Iterable[Violation],
        evidence: Callable[[Sequence[Violation]], Evidence],
    ) -> None:
        """As in the base class; `evidence` is asked for in the first scenario for each check, since the other end keeps
        no more."""
        by_check: dict[str, list[Violation]] = {}
        for violation in violations:
            by_check.setdefault(violation.check, []).append(violation)
        for check, found in by_check.items():
            shown = Evidence() if check in self._explained else evidence(found)
            self._explained.add(check)
            self._send(Conduct(scenario, ids, tuple(found), shown))
