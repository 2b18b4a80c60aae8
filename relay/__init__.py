"""A relay for SMS between RapidPro and CHT. This module connects its parts.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and returns when to call it next
    relay.work_on(neighbour, now)   the same for one neighbour, in a thread for each

Read the modules in this order: models (the data types), policy and matching (the decisions), sync (the work), store
(the database, with sql, lock and commits), the clients cht and rapidpro (with http_client), and web with
health.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from relay.cht import ChtClient
from relay.health import Calls
from relay.http_client import ConfirmedSession
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
MAX_STOP = 2 * DAY
"""However long a relay was stopped, no more time passes for it: no wait is longer than a day."""


Now = Callable[[], datetime]


CLOCK_DIFFERENCE = 5.0
"""Seconds by which the clocks of two relays may differ."""


class RelayClock:
    """The relay's time, in seconds since 1970. It goes as the machine's clock does, but never back."""

    def __init__(self, now: Now) -> None:
        self._now, self._latest, self.offset = now, 0.0, 0

    def __call__(self) -> float:
        return self.move(max(self._latest - self._now().timestamp() - self.offset, 0))

    def move(self, seconds: float) -> float:
        """The time after moving it, by whole seconds."""
        self.offset += math.ceil(seconds)
        self._latest = self._now().timestamp() + self.offset
        return self._latest

    def continue_from(self, poll_at: float, poll_seconds: float) -> float:
        """The time, moved if it cannot be that long after the latest sync, or before it: the clock was set.

        `poll_at` is one poll after that sync. The clocks of two relays on one database differ a little.
        """
        time = self()
        if poll_at and time < poll_at - poll_seconds - max(poll_seconds, CLOCK_DIFFERENCE):
            return self.move(poll_at - time)  # nobody knows by how much: go on as if the poll were due
        return self.move(poll_at + MAX_STOP - time) if poll_at and time > poll_at + MAX_STOP else time


class Relay:
    """One relay. It makes all calls with `session`, and calls `wake`, from any thread, when there is new work."""

    def __init__(
        self, settings: Settings, *, now: Now, session: Any, log: Any = None, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._now, self._clock, self._wake = now, RelayClock(now), wake
        self._poll_seconds = settings.poll_seconds
        self._log = log or structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        try:
            store = Store(settings.database)
        except (SQLAlchemyError, ImportError, OSError) as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise SettingsError(f"RELAY_DATABASE cannot be used: {cause}.") from None
        self._stores, calls = {"cht": store, "rapidpro": store.for_another_thread()}, Calls()
        sessions = {
            name: ConfirmedSession(calls.counted(session, name), store.confirm_lock)
            for name, store in self._stores.items()
        }
        cht = ChtClient(settings, sessions["cht"], self._clock)
        rapidpro = RapidProClient(settings, sessions["rapidpro"], self._clock)
        self._syncs: dict[str, ChtSync | RapidProSync] = {
            "cht": ChtSync(settings, store, cht, self._clock, self._log),
            "rapidpro": RapidProSync(settings, self._stores["rapidpro"], rapidpro, self._clock, self._log),
        }
        self._pruned_at, self._done = 0.0, 0
        self.app = create_app(settings, store, self._clock, wake, self._log, calls)

    def work(self, now: datetime) -> datetime:
        """Do what is due and return when to call this again. Never sleeps, never raises because a neighbour failed.

        Raises sqlalchemy.exc.SQLAlchemyError or OSError when the database fails: call it again later.
        """
        for _ in range(MAX_ROUNDS):
            due, done = self.work_on("cht", now), self._done
            due = min(due, self.work_on("rapidpro", now))
            if due > now and done == self._done:
                return due
            now = max(now, self._now())
        return now

    def work_on(self, name: str, now: datetime) -> datetime:
        """As `work`, with one neighbour. Both may be worked on at the same time."""
        with self._stores[name].try_lock(name) as locked:
            if not locked:
                return now + LOCK_RETRY
            for _ in range(MAX_ROUNDS):
                due = self._sync_if_due(name, now)
                if due > now:
                    return due
                now = max(now, self._now())
        return now

    def _sync_if_due(self, name: str, now: datetime) -> datetime:
        neighbour, due, poll_at = self._stores[name].neighbour(name, self._clock())
        time = self._clock.continue_from(poll_at, self._poll_seconds)
        time = max(time, now.timestamp() + self._clock.offset)
        if due > time:
            # Rounded up to milliseconds, so that the next call is never slightly too early.
            return datetime.fromtimestamp(math.ceil(due * 1000) / 1000 - self._clock.offset, UTC)
        if time - self._pruned_at > DAY:
            self._pruned_at = time
            self._stores[name].prune(time)
        self._sync(neighbour)
        self._done += 1
        self._wake()
        return now

    def _sync(self, neighbour: Neighbour) -> None:
        sync = self._syncs[neighbour.name]
        try:
            sync.run(neighbour.failures)
            outcome = neighbour._replace(failures=0, last_error=None, succeeded_at=self._clock())
        except CallError as error:
            failures = 1 if sync.made_progress else neighbour.failures + 1
            wait = back_off(failures, error, self._poll_seconds)
            outcome = neighbour._replace(failures=failures, last_error=error.cause, blocked_until=self._clock() + wait)
            self._log.warning("call_failed", neighbour=neighbour.name, cause=error.cause, retry_seconds=round(wait))
        self._stores[neighbour.name].save_neighbour(outcome._replace(poll_at=self._clock() + self._poll_seconds))

    def close(self) -> None:
        """Close the database."""
        for store in self._stores.values():
            store.close()
