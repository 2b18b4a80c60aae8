"""A relay for SMS between RapidPro and CHT: small, readable, and careful. The composition root.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and says when it wants to be called next

Read on in this order: messages (the words), policy and matching (the decisions), passes (the work), store (the memory,
with sql and turn), then the clients cht and rapidpro, and web.
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
from relay.policy import DAY, back_off
from relay.rapidpro import RapidPro
from relay.settings import Settings, SettingsError
from relay.store import Neighbour, Store
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

ROUNDS = 20
"""Rounds of passes in one call of work()."""
ANOTHERS_TURN = timedelta(seconds=1)
"""When to look again while another relay on the same database works."""


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

        self._now, self._poll = clock, settings.poll_seconds
        self._log = log or structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        try:
            self._store = Store(settings.database)
        except (SQLAlchemyError, ImportError, OSError) as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise SettingsError(f"RELAY_DATABASE cannot be used: {cause}.") from None
        cht, rapidpro = Cht(settings, session, clock), RapidPro(settings, session, clock)
        self._passes: dict[str, ChtPass | RapidProPass] = {
            "cht": ChtPass(settings, self._store, cht, clock, self._log),
            "rapidpro": RapidProPass(settings, self._store, rapidpro, clock, self._log),
        }
        self._working = threading.Lock()
        self._pruned = 0.0
        self.app = create_app(settings, self._store, clock, wake, self._log)

    def work(self, now: datetime) -> datetime:
        """Do what is due; the moment of the next call. Never sleeps, never raises for a neighbour's failure.

        Raises sqlalchemy.exc.SQLAlchemyError or OSError when the database fails: call again later.
        """
        with self._working, self._store.turn() as ours:
            if not ours:
                return now + ANOTHERS_TURN
            moment = now.timestamp()
            if moment - self._pruned > DAY:
                self._pruned = moment
                self._store.prune(moment)
            for _ in range(ROUNDS):
                neighbours = self._store.neighbours(moment)
                later = min(due for due, _ in neighbours)
                if later > moment:
                    # In whole milliseconds, rounded up, so that it is never a little too early.
                    return datetime.fromtimestamp(math.ceil(later * 1000) / 1000, UTC)
                for due, neighbour in neighbours:
                    if due <= moment:
                        self._pass(neighbour)
                moment = max(moment, self._now())
            return now

    def _pass(self, neighbour: Neighbour) -> None:
        work = self._passes[neighbour.name]
        try:
            work.run(neighbour.failures)
            fared = neighbour._replace(due_at=self._now() + self._poll, failures=0, error=None)
        except Trouble as trouble:
            failures = 1 if work.progress else neighbour.failures + 1
            wait = back_off(failures, trouble, self._poll)
            fared = neighbour._replace(failures=failures, error=trouble.cause, blocked_until=self._now() + wait)
            self._log.warning("trouble", neighbour=neighbour.name, cause=trouble.cause, seconds_of_silence=round(wait))
        self._store.fared(fared)

    def close(self) -> None:
        """Close the database."""
        self._store.close()
