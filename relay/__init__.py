"""A relay for SMS between RapidPro and CHT: small, readable, and careful. The composition root.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and says when it wants to be called next

Read on in this order: messages (the words), policy and matching (the decisions), passes (the work), store (the memory,
with turn, statements and tables), then the clients cht and rapidpro, and web.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from relay.cht import Cht
from relay.messages import Trouble
from relay.passes import ChtPass, RapidProPass
from relay.policy import DAY, Timing
from relay.rapidpro import RapidPro
from relay.settings import Settings, SettingsError
from relay.store import Neighbour, Store
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

SPELLS = 20
"""Rounds of passes in one call of work()."""
ANOTHERS_TURN = timedelta(seconds=1)
"""When to look again while another relay on the same database works."""


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent


class Relay:
    """One relay. `session` makes all calls; `wake` is called, from any thread, when work() should be called soon."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime],
        session: Any,
        log: Any = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        def clock() -> float:
            return now().timestamp()

        self._now = clock
        self._log = structlog.wrap_logger(None, processors=[_drop]) if log is None else log
        try:
            self._store = Store(settings.database)
        except (SQLAlchemyError, ImportError, OSError) as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise SettingsError(f"RELAY_DATABASE cannot be used: {cause}.") from None
        self._timing = Timing(settings.poll_seconds, settings.settle_seconds)
        self._passes: dict[str, ChtPass | RapidProPass] = {
            "cht": ChtPass(self._store, Cht(settings, session, clock), clock, self._timing, self._log),
            "rapidpro": RapidProPass(self._store, RapidPro(settings, session, clock), clock, self._timing, self._log),
        }
        self._working = threading.Lock()
        self._pruned = 0.0
        self.app = create_app(settings, self._store, clock, wake, self._log)

    def work(self, now: datetime) -> datetime:
        """Do what is due; the moment of the next call. Never sleeps, never raises for a neighbour's failure.

        Raises sqlalchemy.exc.SQLAlchemyError when the database fails: call again later.
        """
        with self._working, self._store.turn() as ours:
            if not ours:
                return now + ANOTHERS_TURN
            moment = now.timestamp()
            self._prune(moment)
            for _ in range(SPELLS):
                neighbours = self._store.due(moment)
                later = min(neighbour.due for neighbour in neighbours)
                if later > moment:
                    # In whole milliseconds, rounded up, so that it is never a little too early.
                    return datetime.fromtimestamp(math.ceil(later * 1000) / 1000, UTC)
                for neighbour in neighbours:
                    if neighbour.due <= moment:
                        self._pass(neighbour)
                moment = max(moment, self._now())
            return now

    def _pass(self, neighbour: Neighbour) -> None:
        work = self._passes[neighbour.name]
        try:
            work.run(neighbour.failures)
            if neighbour.failures:
                self._store.fared(neighbour.name, {"failures": 0, "error": None})
        except Trouble as trouble:
            failures = 1 if work.progress else neighbour.failures + 1
            until = self._now() + self._timing.back_off(failures, trouble)
            self._store.fared(neighbour.name, {"failures": failures, "error": trouble.cause, "blocked_until": until})
            self._log.warning("trouble", neighbour=neighbour.name, cause=trouble.cause, until=until)

    def _prune(self, now: float) -> None:
        if now - self._pruned > DAY:
            self._pruned = now
            self._store.prune(now)

    def close(self) -> None:
        """Close the database."""
        self._store.close()
