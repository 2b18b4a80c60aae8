"""CHT's work in the background: what runs on the clock, and what runs when a document is saved."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any

import requests

from fakes.cht.couch.contact_views import Subjects
from fakes.cht.couch.documents import Doc
from fakes.cht.jobs import Gone, Tasks
from fakes.cht.messaging.messaging import Messaging
from fakes.cht.messaging.outgoing import Outgoing
from fakes.cht.outbound.push import Outbound
from fakes.cht.sentinel.sentinel import Sentinel
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.clock import Clock, Timer

SENTINEL_EVERY = 300.0
"""Seconds between two runs of the schedules (cht-core sentinel/src/schedule/index.js)."""
SENDING_EVERY = 60.0
"""Seconds between two passes of sending, and of polling (cht-core api/src/services/messaging.js)."""


class Background:
    """Runs passes on the clock; `run` runs one now. `session` carries calls out, never under the lock."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        session: requests.Session,
        rng: random.Random,
        lock: AbstractContextManager[Any],
        release: str,
    ) -> None:
        self._state = state
        self._clock = clock
        self._session = session
        self._rng = rng
        self._lock = lock
        self._release = release
        self._timers: list[Timer] = []
        self.note: Callable[[str], None] = _ignore
        """Called with a sentence where background work broke, or does less than the real one."""
        self._messaging = Messaging(state, self.before_save, self.send_at_once)
        self.tasks = Tasks(clock)
        self._subjects = Subjects()
        self._transitions = Transitions(state, self._subjects, Outbound(state, session), self._tell)
        self._sentinel = Sentinel(state, self._subjects, session, self.tasks, self._tell)
        self.sending_every = SENDING_EVERY
        """Seconds; a change is seen by the next `start`. The real server takes 1 if its database is `medic-test`."""
        self._outgoing = self._new_outgoing()
        self._passes: Mapping[str, Callable[[], None]] = {
            "schedules": self._sentinel.run_schedules,
            "outbound": self._sentinel.run_outbound,
            "send": lambda: self._outgoing.send(),
            "poll": lambda: self._outgoing.poll(),
        }

    def start(self) -> None:
        """Arm the timers."""
        self._outgoing = self._new_outgoing()
        self._arm()

    def stop(self) -> None:
        """Nothing that was to come comes any more."""
        self._disarm()
        self._outgoing.end()
        self.tasks.stop()
        self._subjects.clear()
        self._transitions.clear()
        self._sentinel.forget()

    def restart(self) -> None:
        """The server process dies and comes back: what it knew by heart is lost, documents are not.

        Requests under way are not taken back; what comes of them is not heard any more.
        """
        self.kill()
        self.start()

    def kill(self) -> None:
        """The server's processes die, until `start`. Documents can still be saved: the database lives on."""
        self._disarm()
        self._outgoing.end()
        self._transitions.clear()
        self._sentinel.fall_asleep()

    def hold(self) -> None:
        """The timers ring no more until `go_on`; what has begun goes on."""
        self._disarm()
        self._sentinel.fall_asleep()

    def go_on(self) -> None:
        """After `hold`: the timers begin anew, and changes that have come meanwhile are looked at."""
        self._disarm()
        self._arm()

    def run(self, name: str) -> None:
        """Run one pass now, to its end or the end of the server process."""
        with suppress(Gone):
            self._passes[name]()

    def before_save(self, doc: Doc) -> None:
        """The transitions over a new record, before it is saved. Called without the lock."""
        self._transitions.before_save(doc)

    def send_at_once(self, doc_id: str) -> None:
        """Messages of this document need not wait for the next pass."""
        self._outgoing.send_at_once(doc_id)

    def changed(self, doc: Doc) -> None:
        """A document was saved. Called under the lock."""
        self._subjects.changed(doc)
        self._sentinel.changed(doc)

    def _tell(self, sentence: str) -> None:
        self.note(sentence)

    def _new_outgoing(self) -> Outgoing:
        return Outgoing(self._state, self._messaging, self._session, self.tasks)

    def _arm(self) -> None:
        self._sentinel.wake_up()
        self._every(SENTINEL_EVERY, self._sentinel.run_due)
        self._every(self.sending_every, lambda: self._outgoing.due())

    def _every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` again and again, until `_disarm`."""
        timers, slot = self._timers, len(self._timers)

        def run() -> None:
            if timers is self._timers:
                timers[slot] = self._clock.call_later(seconds, run)
                action()

        timers.append(self._clock.call_later(seconds, run))

    def _disarm(self) -> None:
        """The timers ring no more, not even one that rings at this moment in another thread."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []


def _ignore(_sentence: str) -> None:
    """Nobody wants to know."""
