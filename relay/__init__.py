"""A relay for SMS between RapidPro and CHT. This module connects its parts.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and returns when to call it next

Read the modules in this order: models (the data types), policy and matching (the decisions), sync (the work), store
(the database, with sql, lock and commits), the clients cht and rapidpro (with http_client), and web with
health.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from relay.cht import ChtClient
from relay.health import Calls
from relay.models import CallError
from relay.policy import DAY, back_off
from relay.rapidpro import RapidProClient
from relay.settings import Settings, SettingsError
from relay.store import Neighbour, Store
from relay.sync import ChtSync, RapidProSync
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

MAX_ROUNDS = 20
"""Rounds of syncs in one call of work()."""
LOCK_RETRY = timedelta(seconds=1)
"""How soon to try again while another relay on the same database holds the lock."""


class Relay:
    """One relay. It makes all calls with `session`, and calls `wake`, from any thread, when work() has new work."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime],
        session: Any,
        log: Any = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        def timestamp() -> float:
            return now().timestamp()

        self._now, self._poll_seconds = timestamp, settings.poll_seconds
        self._log = log or structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        try:
            self._store = Store(settings.database)
        except (SQLAlchemyError, ImportError, OSError) as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise SettingsError(f"RELAY_DATABASE cannot be used: {cause}.") from None
        calls = Calls()
        cht = ChtClient(settings, calls.counted(session, "cht"), timestamp)
        rapidpro = RapidProClient(settings, calls.counted(session, "rapidpro"), timestamp)
        self._syncs: dict[str, ChtSync | RapidProSync] = {
            "cht": ChtSync(settings, self._store, cht, timestamp, self._log),
            "rapidpro": RapidProSync(settings, self._store, rapidpro, timestamp, self._log),
        }
        self._work_lock = threading.Lock()
        self._pruned_at = 0.0
        self.app = create_app(settings, self._store, timestamp, wake, self._log, calls)

    def work(self, now: datetime) -> datetime:
        """Do what is due and return when to call this again. Never sleeps, never raises because a neighbour failed.

        Raises sqlalchemy.exc.SQLAlchemyError or OSError when the database fails: call it again later.
        """
        with self._work_lock, self._store.try_lock() as locked:
            if not locked:
                return now + LOCK_RETRY
            time = now.timestamp()
            if time - self._pruned_at > DAY:
                self._pruned_at = time
                self._store.prune(time)
            for _ in range(MAX_ROUNDS):
                neighbours = self._store.neighbours(time)
                next_due = min(due for due, _ in neighbours)
                if next_due > time:
                    # Rounded up to milliseconds, so that the next call is never slightly too early.
                    return datetime.fromtimestamp(math.ceil(next_due * 1000) / 1000, UTC)
                for due, neighbour in neighbours:
                    if due <= time:
                        self._sync(neighbour)
                time = max(time, self._now())
            return now

    def _sync(self, neighbour: Neighbour) -> None:
        sync = self._syncs[neighbour.name]
        try:
            sync.run(neighbour.failures)
            outcome = neighbour._replace(poll_at=self._now() + self._poll_seconds, failures=0, last_error=None)
            outcome = outcome._replace(succeeded_at=self._now())
        except CallError as error:
            failures = 1 if sync.made_progress else neighbour.failures + 1
            wait = back_off(failures, error, self._poll_seconds)
            outcome = neighbour._replace(failures=failures, last_error=error.cause, blocked_until=self._now() + wait)
            self._log.warning("call_failed", neighbour=neighbour.name, cause=error.cause, retry_seconds=round(wait))
        self._store.save_neighbour(outcome)

    def close(self) -> None:
        """Close the database."""
        self._store.close()
