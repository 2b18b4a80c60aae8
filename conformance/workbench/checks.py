"""The checks as one watches: what is wrong so far, what is still under way, and where the ledger shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from conformance.checks import ALL, RESULTS, Violation, judge, names
from conformance.evidence.decisive import decisive
from conformance.history.model import History
from conformance.requirements.catalogue import Level, load
from conformance.verdicts import HarnessBroken
from conformance.workbench.bench import Bench
from conformance.world.timing import STATE_UNCHANGED, UNCHANGED

UNDER_WAY = frozenset({"incoming_lost", "outgoing_lost", "state_wrong"})
"""Checks that fail as long as something has not arrived yet."""
WAITING = "waiting"
"""The level of what may still come right."""
REAL_PATIENCE = 30.0
"""Real seconds without a change, besides ten polls, after which a text of a relay in real time is lost."""
LEAST_PAUSE = 1.0
"""Seconds between two notices that the checks may find something else."""
SHARE = 10
"""So many times as long as judging took, it is not done again."""
COARSE = 30.0
"""Seconds of the fakes' time after which it is judged anew whether a text still waits."""
MOST_SHOWN = 20


class LiveChecks:
    """Judges the history of `bench` when somebody asks and something has changed. `time` is real, in seconds."""

    def __init__(self, bench: Bench, time: Callable[[], float], poll_seconds: float) -> None:
        self._bench = bench
        self._time = time
        self._patience = REAL_PATIENCE + 10 * poll_seconds
        self._levels = levels()
        self._lock = threading.Lock()
        self._answer: dict[str, Any] = {}
        self._version: object = None
        self._not_before = 0.0
        self._noticed: tuple[float, object, int] = (0.0, None, 0)

    def version(self) -> int:
        """Another number when the checks may find something else: at most once a second."""
        at, seen, number = self._noticed
        if self._time() >= max(at + LEAST_PAUSE, self._not_before) and (now := self._state()) != seen:
            self._noticed = (self._time(), now, number + 1)
        return self._noticed[2]

    def now(self) -> dict[str, Any]:
        """What `GET /checks` answers."""
        with self._lock:
            version = self._state()
            if version == self._version or self._time() < self._not_before:
                return self._answer
            began = self._time()
            self._answer = self._judged()
            self._version = version
            self._not_before = self._time() + SHARE * (self._time() - began)
            return self._answer

    def _state(self) -> object:
        """Unequal when judging may come to something else: also because time has passed."""
        fakes = self._bench.fakes
        trouble = [(planned.id, planned.remaining) for planned in fakes.plan]
        parts = [service.versions() for service in fakes.services.values()]
        return fakes.ledger.last, fakes.resets, trouble, parts, fakes.clock.timestamp() // COARSE

    def _judged(self) -> dict[str, Any]:
        world = self._bench.world
        try:
            with self._bench.lock:
                history = self._bench.history()
        except HarnessBroken as reason:  # parts of the ledger are not kept any more
            return {"violations": [], "judged": False, "problem": str(reason)}
        found = judge(history, ALL, without=tuple(world.excused_checks))
        waits = self._waits(history)
        rows = [self._row(history, one, waits) for one in found[:MOST_SHOWN]]
        judged = not any(row["level"] == WAITING for row in rows)
        problem = f"{len(found) - MOST_SHOWN} more are not shown" if len(found) > MOST_SHOWN else None
        return {"violations": rows, "judged": judged, "problem": problem}

    def _row(self, history: History, violation: Violation, waits: Mapping[str, bool]) -> dict[str, Any]:
        seqs = sorted(place for kind, place, *_ in decisive(history, [violation]) if kind == "call")
        return {
            "kind": violation.kind,
            "level": WAITING if waits.get(violation.check) else self._levels[violation.check],
            "sentence": self._bench.world.hide.text(violation.sentence),
            "seqs": seqs,
            "number": violation.number,
        }

    def _waits(self, history: History) -> Mapping[str, bool]:
        """Which checks look at something that may still come right: it was not quiet for long, or trouble is on."""
        world = self._bench.world
        last = last_change(history)
        quiet = timedelta(0) if last is None else world.now() - last
        trouble = any(planned.remaining != 0 for planned in self._bench.fakes.plan)
        real = None if self._bench.driver is not None else self._patience
        limits = {check: real or (STATE_UNCHANGED if check == "state_wrong" else UNCHANGED) for check in UNDER_WAY}
        return {check: trouble or quiet.total_seconds() < limit for check, limit in limits.items()}


def last_change(history: History) -> datetime | None:
    """When something last happened to a text; None if there was none."""
    moments = [
        *(one.at for one in history.incoming_texts),
        *(one.at for one in history.arrivals),
        *(one.created for one in history.messages),
        *(at for one in history.outgoing_texts for _, at in one.states),
    ]
    return max(moments, default=None)


def levels() -> dict[str, str]:
    """By the name of each check how binding it is: what becomes of texts is a must; else its requirement says it."""
    of_conduct = {check: str(one.level) for one in load() for check in one.checks}
    return {**{name: str(Level.MUST) for name in names(RESULTS)}, **of_conduct}
