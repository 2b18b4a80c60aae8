"""RapidPro's nightly job that fails outgoing messages which waited for a week.

It runs at midnight UTC. Later versions only look at messages of Android channels, which the fake does not have: there
it never runs. Source: rapidpro temba/msgs (fail_old_messages), temba/settings_common.py (its schedule).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Records

TOO_OLD = timedelta(days=7)
REASON = "too old"


class NightlyJob:
    """Fails what is too old, each midnight; `start` again after all waiting actions were cancelled."""

    def __init__(self, records: Records, runtime: Runtime) -> None:
        self._records = records
        self._runtime = runtime
        self._statuses = runtime.habits.too_old_statuses

    def start(self) -> None:
        """Wait for the next midnight, if this version has the job."""
        if self._statuses:
            now = self._runtime.clock.now()
            self._runtime.call_later((_midnight_after(now) - now).total_seconds(), self._run)

    def _run(self) -> None:
        now = self._runtime.clock.now()
        for message in list(self._records.all_messages()):
            waits = message.direction == "out" and message.status in self._statuses
            if waits and message.created_on <= now - TOO_OLD:
                message.failed_reason = REASON
                self._records.set_status(message, "failed", now)
        self.start()


def _midnight_after(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
