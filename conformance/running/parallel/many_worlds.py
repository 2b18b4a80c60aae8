"""Plays the scenarios in several worlds at a time, each in a process with fakes and a subject of its own.

Over sockets most of the time is waiting. Each process asks for the next scenario when it has played one, so that none
waits for another. Results are gathered here as they come: what a process has said is never lost when it ends.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from conformance.interruptions import block_sigint, deferred_signals
from conformance.reports.report import Report, ScenarioResult
from conformance.running.misconduct import Misconduct
from conformance.running.parallel.messages import Broken, Conduct, Message, NotReady, Played, Ready, Result, WorldJob
from conformance.running.parallel.world_process import run_job
from conformance.verdicts import HarnessBroken

END_SECONDS = 15.0
"""How long a process may take to end its subject and its fakes; then it is killed."""


@dataclass
class WorldProcess:
    """One process, the pipe to it, and the position of the scenario that it plays; None between two scenarios."""

    process: SpawnProcess
    pipe: Connection
    position: int | None = None


@dataclass
class ManyWorlds:
    """A run in as many worlds as there are `jobs`. Its results are in `report` when `run` returns or raises.

    `positions` are the scenarios to be played, by their position in the features, in the order in which they begin.
    `goes_on` is asked before each. `note` gets a sentence if not all worlds could be used. With `first_alone`, the
    first world finds out whether there is a subject to be judged before the others are started.
    """

    report: Report
    jobs: Sequence[WorldJob]
    positions: Iterable[int]
    on_result: Callable[[ScenarioResult], None]
    goes_on: Callable[[], bool]
    note: Callable[[str], None]
    first_alone: bool = True
    _results: list[tuple[int, ScenarioResult]] = field(default_factory=list)
    _processes: list[WorldProcess] = field(default_factory=list)
    _missing: int = 0
    _begun: bool = False
    """Whether a process has a subject that can be judged."""

    def run(self) -> None:
        """Play. HarnessBroken if there is no subject to be judged."""
        self._waiting = deque(self.positions)
        self._misconduct = Misconduct(self.report.requirements)
        try:
            self._start(self.jobs[:1] if self.first_alone else self.jobs)
            while self._processes:
                for pipe in wait([one.pipe for one in self._processes]):
                    self._listen(next(one for one in self._processes if one.pipe is pipe))
        finally:
            with deferred_signals():
                self._end()
            self._results.sort(key=lambda one: one[0])
            self.report.results.extend(result for _, result in self._results)
            self.report.results.extend(self._misconduct.results(self.jobs[0].repeat))

    def _start(self, jobs: Sequence[WorldJob]) -> None:
        context = multiprocessing.get_context("spawn")  # fork copies threads' locks
        for job in jobs:
            with deferred_signals(), block_sigint():
                here, there = context.Pipe()
                process = context.Process(target=run_job, args=(job, there), daemon=True)
                process.start()
                there.close()
                self._processes.append(WorldProcess(process, here))

    def _listen(self, one: WorldProcess) -> None:
        try:
            message: Message = one.pipe.recv()
        except (EOFError, OSError):
            self._ended(one)
            return
        match message:
            case Ready():
                self._send_next(one)
                if not self._begun:
                    self._begun = True
                    self._start(self.jobs[len(self._processes) :])
            case NotReady(reason):
                self._not_ready(reason)
            case Result(result):
                self._results.append((-1 if one.position is None else one.position, result))
                self.on_result(result)
            case Conduct(scenario, requirements, violations, evidence):
                self._misconduct.add(scenario, requirements, violations, lambda _wrong: evidence)
            case Broken(sentences):
                self.report.broken.extend(sentences)
            case Played():
                one.position = None
                self._send_next(one)

    def _send_next(self, one: WorldProcess) -> None:
        if self._waiting and self.goes_on():
            one.position = self._waiting.popleft()
            self._send(one, one.position)
        else:
            self._send(one, None)

    def _not_ready(self, reason: str) -> None:
        if not self._begun:
            raise HarnessBroken(reason)
        if self._missing == 0:
            self.note(f"judged in fewer worlds at a time: {reason}")
        self._missing += 1

    def _ended(self, one: WorldProcess) -> None:
        """A process has ended, as it was told to or by itself."""
        self._processes.remove(one)
        one.pipe.close()
        one.process.join(END_SECONDS)
        ended = f"a process that plays scenarios has ended by itself, with status {one.process.exitcode}"
        if not self._begun:
            raise HarnessBroken("; ".join(self.report.broken) or ended)
        if one.position is not None or (not self._processes and self._waiting and self.goes_on()):
            self.report.broken.append(ended)

    def _send(self, one: WorldProcess, position: int | None) -> None:
        with suppress(OSError):  # it has ended; the pipe shows that as its end
            one.pipe.send(position)

    def _end(self) -> None:
        """End what still runs: each process ends its subject and its fakes."""
        for one in self._processes:
            one.process.terminate()
        for one in self._processes:
            one.process.join(END_SECONDS)
            if one.process.is_alive():
                one.process.kill()
            one.pipe.close()
        self._processes.clear()
