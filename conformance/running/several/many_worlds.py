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
from conformance.running.several.messages import Absent, Broken, Conduct, Message, Played, Player, Ready, Result
from conformance.running.several.player import run_player
from conformance.verdicts import HarnessBroken

END_SECONDS = 15.0
"""How long a process may take to end its subject and its fakes; then it is killed."""


@dataclass
class Seat:
    """One process, the pipe to it, and the position of the scenario that it plays."""

    process: SpawnProcess
    pipe: Connection
    playing: int | None = None


@dataclass
class ManyWorlds:
    """A run in as many worlds as there are `players`. Its results are in `report` when `run` returns or raises.

    `positions` are the scenarios to be played, by their position in the features, in the order in which they begin.
    `goes_on` is asked before each. `note` gets a sentence if not all worlds could be used. With `first_alone`, the
    first world finds out whether there is a subject to be judged before the others are started.
    """

    report: Report
    players: Sequence[Player]
    positions: Iterable[int]
    on_result: Callable[[ScenarioResult], None]
    goes_on: Callable[[], bool]
    note: Callable[[str], None]
    first_alone: bool = True
    _results: list[tuple[int, ScenarioResult]] = field(default_factory=list)
    _seats: list[Seat] = field(default_factory=list)
    _fewer: int = 0
    _begun: bool = False
    """Whether a process has a subject that can be judged."""

    def run(self) -> None:
        """Play. HarnessBroken if there is no subject to be judged."""
        self._left = deque(self.positions)
        self._misconduct = Misconduct(self.report.requirements)
        try:
            self._start(self.players[:1] if self.first_alone else self.players)
            while self._seats:
                for pipe in wait([seat.pipe for seat in self._seats]):
                    self._listen(next(seat for seat in self._seats if seat.pipe is pipe))
        finally:
            with deferred_signals():
                self._end()
            self._results.sort(key=lambda one: one[0])
            self.report.results.extend(result for _, result in self._results)
            self.report.results.extend(self._misconduct.results(self.players[0].repeat))

    def _start(self, players: Sequence[Player]) -> None:
        context = multiprocessing.get_context("spawn")  # fork copies threads' locks
        for player in players:
            with deferred_signals(), block_sigint():
                here, there = context.Pipe()
                process = context.Process(target=run_player, args=(player, there), daemon=True)
                process.start()
                there.close()
                self._seats.append(Seat(process, here))

    def _listen(self, seat: Seat) -> None:
        try:
            message: Message = seat.pipe.recv()
        except (EOFError, OSError):
            self._left_by(seat)
            return
        match message:
            case Ready():
                self._next_turn(seat)
                if not self._begun:
                    self._begun = True
                    self._start(self.players[len(self._seats) :])
            case Absent(reason):
                self._absent(reason)
            case Result(result):
                self._results.append((-1 if seat.playing is None else seat.playing, result))
                self.on_result(result)
            case Conduct(scenario, requirements, violations, evidence):
                self._misconduct.add(scenario, requirements, violations, lambda _wrong: evidence)
            case Broken(sentences):
                self.report.broken.extend(sentences)
            case Played():
                seat.playing = None
                self._next_turn(seat)

    def _next_turn(self, seat: Seat) -> None:
        if self._left and self.goes_on():
            seat.playing = self._left.popleft()
            self._tell(seat, seat.playing)
        else:
            self._tell(seat, None)

    def _absent(self, reason: str) -> None:
        if not self._begun:
            raise HarnessBroken(reason)
        if self._fewer == 0:
            self.note(f"judged in fewer worlds at a time: {reason}")
        self._fewer += 1

    def _left_by(self, seat: Seat) -> None:
        """A process has ended, as it was told to or by itself."""
        self._seats.remove(seat)
        seat.pipe.close()
        seat.process.join(END_SECONDS)
        ended = f"a process that plays scenarios has ended by itself, with status {seat.process.exitcode}"
        if not self._begun:
            raise HarnessBroken("; ".join(self.report.broken) or ended)
        if seat.playing is not None or (not self._seats and self._left and self.goes_on()):
            self.report.broken.append(ended)

    def _tell(self, seat: Seat, what: object) -> None:
        with suppress(OSError):  # it has ended; the next look at its pipe shows that
            seat.pipe.send(what)

    def _end(self) -> None:
        """End what still runs: each process ends its subject and its fakes."""
        for seat in self._seats:
            seat.process.terminate()
        for seat in self._seats:
            seat.process.join(END_SECONDS)
            if seat.process.is_alive():
                seat.process.kill()
            seat.pipe.close()
        self._seats.clear()
