"""A relay for SMS between RapidPro and CHT: small, readable, and careful. The composition root.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and says when it wants to be called next

Read on in this order: messages (the words), policy (the decisions), passes (the work), store (the memory), then the
clients cht and rapidpro, and web.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from relay.cht import Cht
from relay.messages import Trouble
from relay.passes import ChtPass, RapidProPass
from relay.policy import Timing, back_off
from relay.rapidpro import RapidPro
from relay.settings import Settings, SettingsError
from relay.store import KEEP, Store
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

SPELLS = 4
"""Passes with each neighbour in one call of work()."""


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
        self._now = now
        self._log = structlog.wrap_logger(None, processors=[_drop]) if log is None else log
        try:
            self._store = Store(settings.database)
        except (SQLAlchemyError, ImportError) as error:
            cause = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
            raise SettingsError(f"RELAY_DATABASE cannot be used: {cause}.") from None
        cht, rapidpro = Cht(settings, session, now), RapidPro(settings, session, now)
        self._timing = Timing(settings.poll_seconds, timedelta(seconds=settings.settle_seconds))
        self._passes: dict[str, ChtPass | RapidProPass] = {
            "cht": ChtPass(self._store, cht, now, self._timing, self._log),
            "rapidpro": RapidProPass(self._store, rapidpro, now, self._timing, self._log),
        }
        self._working = threading.Lock()
        self._pruned = datetime.min.replace(tzinfo=UTC)
        self.app = create_app(settings, self._store, now, wake, self._log)

    def work(self, now: datetime) -> datetime:
        """Do what is due; the moment of the next call. Never sleeps, never raises for a neighbour's failure.

        Raises sqlalchemy.exc.SQLAlchemyError when the database fails: call again later.
        """
        with self._working:
            for _ in range(SPELLS):
                due, later = self._store.claim_due(now)
                if not due:
                    return later
                for row in due:
                    self._pass(row, now)
                now = max(now, self._now())
            return now

    def _pass(self, row: Any, now: datetime) -> None:
        work = self._passes[row.name]
        try:
            values = work.run(row) | {"failures": 0, "error": None}
        except Trouble as trouble:
            failures = 1 if work.progress else row.failures + 1
            until = self._now() + back_off(failures, trouble, self._timing)
            values = {"failures": failures, "error": trouble.cause, "blocked_until": until, "at_latest": now}
            self._log.warning("trouble", neighbour=row.name, cause=trouble.cause, until=until.isoformat())
        self._store.release(row.name, self._now(), **values)
        if now - self._pruned > KEEP / 30:
            self._pruned = now
            self._store.prune(now)

    def close(self) -> None:
        """Give up leases and close the database."""
        self._store.close()
