"""A relay for SMS between RapidPro and CHT. This module connects its parts.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and returns when to call it next
    relay.work_on(neighbour, now)   the same for one neighbour, in a thread for each

Read the modules in this order: models (the data types), policy and matching (the decisions), sync (the work), store
(what is kept in the database, with database), the clients cht and rapidpro (with http_client), and web.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from relay import database
from relay.cht import ChtClient
from relay.http_client import Calls, Http
from relay.models import CallError
from relay.policy import DAY, back_off
from relay.rapidpro import RapidProClient
from relay.settings import Settings, SettingsError
from relay.store import LOCKS, Neighbour, Store, WebStore
from relay.sync import ChtSync, RapidProSync
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

MAX_ROUNDS = 50
"""Syncs with each neighbour in one call of work()."""
LOCK_RETRY = timedelta(seconds=1)
"""How soon to try again while another relay on the same database holds the lock."""
MAX_STOP = 2 * DAY
"""However long a relay was stopped, no more time passes for it: no wait is longer than a day."""

Now = Callable[[], datetime]


class RelayClock:
    """The relay's time, in seconds since 1970. It goes as the machine's clock does, but is never set.

    `offset` is what it is ahead of that clock.
    """

    def __init__(self, now: Now) -> None:
        self._now, self._latest, self.offset = now, 0.0, 0.0

    def __call__(self, latest_sync: float = 0.0) -> float:
        """The time: not before any time that was given or stored, and not long after the latest sync."""
        time = self._now().timestamp() + self.offset
        self._latest = max(time, self._latest, latest_sync)
        if latest_sync:
            self._latest = min(self._latest, latest_sync + MAX_STOP)
        self.offset += self._latest - time
        return self._latest


class Relay:
    """One relay. It makes all calls with `session`, and calls `wake`, from any thread, when there is new work."""

    def __init__(
        self, settings: Settings, *, now: Now, session: Any, log: Any = None, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._now, self._clock, self._wake = now, RelayClock(now), wake
        self._poll_seconds = settings.poll_seconds
        self._log = log or structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        try:
            web = WebStore(settings.database)
            self._stores = {name: Store(settings.database) for name in LOCKS}
        except (*database.ERRORS, ImportError) as error:
            raise SettingsError(f"RELAY_DATABASE cannot be used: {database.first_line(error)}.") from None
        calls = Calls()
        self._http = {
            name: Http(session, name, self._clock, store.confirm_lock, calls) for name, store in self._stores.items()
        }
        cht, rapidpro = ChtClient(settings, self._http["cht"]), RapidProClient(settings, self._http["rapidpro"])
        self._syncs: dict[str, ChtSync | RapidProSync] = {
            "cht": ChtSync(settings, self._stores["cht"], cht, self._clock, self._log),
            "rapidpro": RapidProSync(settings, self._stores["rapidpro"], rapidpro, self._clock, self._log),
        }
        self._pruned_at = 0.0
        self.app = create_app(settings, web, self._clock, self._worked_at, wake, self._log, calls)
        self._stores["web"] = web

    def work(self, now: datetime) -> datetime:
        """Do what is due and return when to call this again. Never sleeps, never raises because a neighbour failed.

        Raises sqlalchemy.exc.SQLAlchemyError or OSError when the database fails: call it again later.
        """
        for _ in range(MAX_ROUNDS):
            due = min([self.work_on(name, now) for name in LOCKS])
            if due > now:
                return due
            now = max(now, self._now())
        return now

    def work_on(self, name: str, now: datetime) -> datetime:
        """As `work`, with one neighbour, and one sync at most. Both may be worked on at the same time."""
        with self._stores[name].try_lock(name) as locked:
            if not locked:
                return now + LOCK_RETRY
            neighbour, due, latest_poll = self._stores[name].neighbour(name, self._clock())
            self._clock(latest_poll and latest_poll - self._poll_seconds)
            time = max(self._clock(), now.timestamp() + self._clock.offset)
            if due > time:
                # Rounded up to milliseconds, so that the next call is never slightly too early.
                return datetime.fromtimestamp(math.ceil((due - self._clock.offset) * 1000) / 1000, UTC)
            if time - self._pruned_at > DAY:
                self._pruned_at = time
                self._stores[name].prune(time)
            self._sync(neighbour)
        self._wake()
        return now

    def _sync(self, neighbour: Neighbour) -> None:
        answered = self._http[neighbour.name].answered
        try:
            self._syncs[neighbour.name].run(neighbour.failures)
            outcome = neighbour._replace(failures=0, last_error=None, succeeded_at=self._clock())
        except CallError as error:
            failures = 1 if self._http[neighbour.name].answered > answered else neighbour.failures + 1
            wait = back_off(failures, error, self._poll_seconds)
            outcome = neighbour._replace(failures=failures, last_error=error.cause, blocked_until=self._clock() + wait)
            self._log.warning("call_failed", neighbour=neighbour.name, cause=error.cause, retry_seconds=round(wait))
        self._stores[neighbour.name].save_neighbour(outcome._replace(poll_at=self._clock() + self._poll_seconds))

    def _worked_at(self) -> float:
        return min(self._stores[name].used_at for name in LOCKS)

    def close(self) -> None:
        """Close the database."""
        for store in self._stores.values():
            store.close()
