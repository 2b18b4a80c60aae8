"""A relay for SMS between RapidPro and CHT. This module connects its parts.

    relay = Relay(Settings.from_env(os.environ), now=..., session=requests.Session())
    relay.app         the WSGI app that RapidPro calls
    relay.work(now)   does what is due and returns when to call it next
    relay.work_on(neighbour, now)   the same for one neighbour, in a thread for each

Read the modules in this order: models (the data types), policy and matching (the decisions), sync (the work), store
(what is kept in the database, with database), the clients cht and rapidpro (with http_client), and web.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from relay import database
from relay.http_client import Calls
from relay.policy import DAY
from relay.settings import Settings, SettingsError
from relay.store import WebStore
from relay.sync import ChtSync, RapidProSync, Sync
from relay.web import create_app

__all__ = ["Relay", "Settings", "SettingsError"]

MAX_ROUNDS = 50
"""Syncs with a neighbour in one call of work_on(), and turns of both in one of work()."""
LOCK_RETRY = timedelta(seconds=1)
"""How soon to try again while another relay on the same database holds the lock."""
CLOCK_DIFFERENCE = 5.0
"""Seconds by which the clocks of two relays on one database may differ."""
MAX_STOP = 2 * DAY
"""However long a relay was stopped, no more time passes for it: no wait is longer than a day."""

Now = Callable[[], datetime]


class RelayClock:
    """The relay's time, in seconds since 1970. It goes as the machine's clock does, but never back.

    `offset` is what it is ahead of that clock.
    """

    def __init__(self, now: Now, poll_seconds: float) -> None:
        self._now, self._poll_seconds = now, poll_seconds
        self._latest, self.offset = 0.0, 0.0

    def __call__(self, latest_sync: float = 0.0) -> float:
        """The time, corrected if it cannot be that long after the latest sync, or before it: the clock was set."""
        shown = self._now().timestamp() + self.offset
        self._latest = max(shown, self._latest)
        if self._latest < latest_sync - CLOCK_DIFFERENCE:
            self._latest = latest_sync + self._poll_seconds  # nobody knows by how much: go on as if the poll were due
        elif latest_sync:
            self._latest = min(self._latest, latest_sync + MAX_STOP)
        self.offset += self._latest - shown
        return self._latest


class Relay:
    """One relay. It makes all calls with `session`, and calls `wake`, from any thread, when there is new work.

    starmap  that of a pool of threads, to send several texts at the same time
    """

    def __init__(
        self,
        settings: Settings,
        *,
        now: Now,
        session: Any,
        log: Any = None,
        wake: Callable[[], None] = lambda: None,
        starmap: Callable[..., Any] = itertools.starmap,
    ) -> None:
        self._now, self._clock, self._wake = now, RelayClock(now, settings.poll_seconds), wake
        self._poll_seconds, self._pruned_at, self._runs, calls = settings.poll_seconds, 0.0, 0, Calls()
        log = log or structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        parts = (settings, session, self._clock, calls, log)
        try:
            self._web_store = WebStore(settings.database)
            self._syncs: dict[str, Sync] = {"cht": ChtSync(*parts), "rapidpro": RapidProSync(starmap, *parts)}
        except (*database.ERRORS, ImportError) as error:
            raise SettingsError(f"RELAY_DATABASE cannot be used: {database.first_line(error)}.") from None
        self.app = create_app(settings, self._web_store, self._clock, self._worked_at, wake, log, calls)

    def work(self, now: datetime) -> datetime:
        """Do what is due and return when to call this again. Never sleeps, never raises because a neighbour failed.

        Raises sqlalchemy.exc.SQLAlchemyError or OSError when the database fails: call it again later.
        """
        due: dict[str, datetime] = {}
        for name in itertools.islice(itertools.cycle(self._syncs), MAX_ROUNDS):
            runs = self._runs
            due[name] = self.work_on(name, now)
            now = max(now, self._now())
            if runs == self._runs and len(due) == len(self._syncs):
                return min(due.values())
        return now

    def work_on(self, name: str, now: datetime) -> datetime:
        """As `work`, with one neighbour. Both may be worked on at the same time."""
        sync = self._syncs[name]
        with sync.store.try_lock(name) as locked:
            if not locked:
                return now + LOCK_RETRY
            for _ in range(MAX_ROUNDS):
                neighbour, due, latest_poll = sync.store.neighbour(name, self._clock())
                time = self._clock(latest_poll and latest_poll - self._poll_seconds)
                time = max(time, now.timestamp() + self._clock.offset)
                if due > time:
                    # Rounded up to milliseconds, so that the next call is never slightly too early.
                    return datetime.fromtimestamp(math.ceil((due - self._clock.offset) * 1000) / 1000, UTC)
                if time - self._pruned_at > DAY:
                    self._pruned_at = time
                    sync.store.prune(time)
                sync.run(neighbour)
                self._runs += 1
                self._wake()
                now = max(now, self._now())
        return now

    def _worked_at(self) -> float:
        return min(sync.store.used_at for sync in self._syncs.values())

    def close(self) -> None:
        """Close the database."""
        for store in (self._web_store, *(sync.store for sync in self._syncs.values())):
            store.close()
